#include "scim/events/event_feed.hpp"

#include <algorithm>
#include <iterator>

namespace bascule::scim::events {
namespace {

constexpr std::size_t records_at_once = 200;

}  // namespace

Result<FeedPage> read_feed(
    directory::Store& store, const EventComposer& composer, const EventStream& stream,
    std::int64_t after, std::size_t limit, std::size_t records
) {
    FeedPage page;
    const auto read = [&](directory::Reader& reader) -> Status {
        page = {};
        page.after = after;
        page.scanned = after;
        for (std::size_t seen = 0; seen < records;) {
            directory::JournalQuery query;
            query.after = page.scanned;
            query.limit = records_at_once;
            BASCULE_TRY(const auto found, reader.journal(query));
            for (const directory::JournalRecord& record : found) {
                BASCULE_TRY(auto tokens, composer.compose(reader, record, stream));
                if (!page.tokens.empty() && page.tokens.size() + tokens.size() > limit) {
                    page.more = true;
                    return {};
                }
                std::ranges::move(tokens, std::back_inserter(page.tokens));
                page.scanned = record.sequence;
            }
            seen += found.size();
            page.more = found.size() == records_at_once;
            if (!page.more) {
                return {};
            }
        }
        return {};
    };
    BASCULE_CHECK(store.read(read));
    return page;
}

void settle(EventStream& stream, const FeedPage& page) {
    if (page.after > stream.acknowledged) {
        return;
    }
    const auto waiting = std::ranges::find_if(page.tokens, [&](const EventToken& token) {
        return !stream.acknowledged_beyond.contains(token.place);
    });
    stream.acknowledged = std::max(
        stream.acknowledged, waiting == page.tokens.end() ? page.scanned : waiting->place.first - 1
    );
    std::erase_if(stream.acknowledged_beyond, [&](const TokenPlace& place) {
        return place.first <= stream.acknowledged;
    });
}

}  // namespace bascule::scim::events
