#pragma once

#include <cstddef>
#include <vector>

#include "directory/ports/store.hpp"
#include "scim/events/event_composer.hpp"

namespace bascule::scim::events {

/// A stretch of the journal as tokens of one stream.
struct FeedPage {
    std::int64_t after = 0;          ///< where it begins
    std::vector<EventToken> tokens;  ///< in the order of the journal
    /// Every record up to here has all its tokens in the page, or has none.
    std::int64_t scanned = 0;
    bool more = false;  ///< the journal goes on
};

/// Reads the journal after `after` until about `limit` tokens are found (never part of a record) or
/// `records` records are read. Errors are those of the store.
[[nodiscard]] Result<FeedPage> read_feed(
    directory::Store& store, const EventComposer& composer, const EventStream& stream,
    std::int64_t after, std::size_t limit, std::size_t records = 2000
);

/// Removes from the front of the journal what is acknowledged: moves `acknowledged` past records
/// whose tokens all are. Does nothing when the page begins later than that.
void settle(EventStream& stream, const FeedPage& page);

}  // namespace bascule::scim::events
