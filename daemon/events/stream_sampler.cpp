#include "daemon/events/stream_sampler.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "directory/base/log.hpp"
#include "scim/events/event_feed.hpp"

namespace bascule::daemon {

using scim::events::EventComposer;
using scim::events::EventStream;
using scim::events::EventToken;
using scim::events::FeedPage;

namespace {

double seconds(std::chrono::milliseconds time) {
    return static_cast<double>(std::max<std::int64_t>(time.count(), 0)) / 1000.0;
}

/// Where the receiver stands: nothing before this record is left to deliver.
Result<std::int64_t> first_lacking(
    directory::Store& store, const EventComposer& composer, const EventStream& stream
) {
    BASCULE_TRY(
        const FeedPage page,
        read_feed(
            store, composer, stream, stream.acknowledged, stream.acknowledged_beyond.size() + 1
        )
    );
    const auto lacking = std::ranges::find_if(page.tokens, [&](const EventToken& token) {
        return !stream.acknowledged_beyond.contains(token.place);
    });
    return lacking == page.tokens.end() ? page.scanned + 1 : lacking->place.first;
}

constexpr const char* lag_records = "bascule_event_stream_lag_records";
constexpr const char* lag_seconds = "bascule_event_stream_lag_seconds";
constexpr const char* paused = "bascule_event_stream_paused";
constexpr const char* error_age = "bascule_event_stream_last_error_age_seconds";
constexpr const char* delivered = "bascule_event_stream_delivered_total";
constexpr const char* refused = "bascule_event_stream_refused_total";

using Labels = std::map<std::string, std::string>;

void sample(Metrics& metrics, const EventStream& stream, const StreamLag& lag, Time now) {
    const Labels labels{{"stream", stream.name}};
    metrics.set(
        lag_records, "Journal records since the oldest change that the receiver lacks.", labels,
        static_cast<double>(lag.records)
    );
    metrics.set(
        lag_seconds, "Age of the oldest change that the receiver lacks.", labels, seconds(lag.age)
    );
    metrics.set(paused, "Whether nothing is delivered at present.", labels, stream.waits() ? 1 : 0);
    metrics.raise(
        delivered, "Tokens that the receiver took.", labels, static_cast<double>(stream.delivered)
    );
    metrics.raise(
        refused, "Tokens that the receiver could not take.", labels,
        static_cast<double>(stream.refused)
    );
    if (stream.last_error_time && !stream.last_error.empty()) {
        metrics.set(
            error_age, "Time since the last error of the receiver or of the way to it.", labels,
            seconds(now - *stream.last_error_time)
        );
    } else {
        metrics.forget(error_age, labels);
    }
}

void forget(Metrics& metrics, const std::string& name) {
    for (const char* const metric :
         {lag_records, lag_seconds, paused, error_age, delivered, refused}) {
        metrics.forget(metric, {{"stream", name}});
    }
}

}  // namespace

Result<StreamLag> lag_of(
    directory::Store& store, const EventComposer& composer, const EventStream& stream, Time now
) {
    BASCULE_TRY(const std::int64_t first, first_lacking(store, composer, stream));
    StreamLag lag;
    BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
        directory::JournalQuery query;
        query.after = first - 1;
        query.limit = 1;
        BASCULE_TRY(const std::int64_t last, reader.last_sequence());
        BASCULE_TRY(const auto records, reader.journal(query));
        lag.records = std::max<std::int64_t>(last - first + 1, 0);
        lag.age = records.empty() ? std::chrono::milliseconds{0} : now - records.front().time;
        return {};
    }));
    return lag;
}

Metrics::Sampler stream_sampler(
    directory::Store& store, const directory::Clock& clock, StreamService& streams,
    std::function<std::shared_ptr<const EventComposer>()> composer
) {
    auto known = std::make_shared<std::set<std::string>>();
    return [&store, &clock, &streams, composer = std::move(composer), known](Metrics& metrics) {
        const auto all = streams.list();
        if (!all) {
            log::warning("event_streams_unreadable", all.error().detail, {});
            return;
        }
        const auto present = composer();
        std::set<std::string> seen;
        for (const EventStream& stream : *all) {
            seen.insert(stream.name);
            if (const auto lag = lag_of(store, *present, stream, clock.now())) {
                sample(metrics, stream, *lag, clock.now());
            }
        }
        for (const std::string& name : *known) {
            if (!seen.contains(name)) {
                forget(metrics, name);
            }
        }
        *known = std::move(seen);
    };
}

}  // namespace bascule::daemon
