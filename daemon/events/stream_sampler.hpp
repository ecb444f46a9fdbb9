#pragma once

#include <functional>
#include <memory>

#include "daemon/events/stream_service.hpp"
#include "daemon/metrics.hpp"
#include "scim/events/event_composer.hpp"

namespace bascule::daemon {

/// How far a stream's receiver is behind with what concerns it.
struct StreamLag {
    std::int64_t records = 0;         ///< of the journal since the oldest token it lacks
    std::chrono::milliseconds age{};  ///< of that token's change
};

/// Nothing is behind when every token is acknowledged, whatever else is in the journal.
[[nodiscard]] Result<StreamLag> lag_of(
    directory::Store& store, const scim::events::EventComposer& composer,
    const scim::events::EventStream& stream, Time now
);

/// Gauges and counters of every event stream, read at each scrape; those of a stream that is gone
/// go with it. The composer is that of the present configuration; the rest outlives the metrics.
[[nodiscard]] Metrics::Sampler stream_sampler(
    directory::Store& store, const directory::Clock& clock, StreamService& streams,
    std::function<std::shared_ptr<const scim::events::EventComposer>()> composer
);

}  // namespace bascule::daemon
