#include "daemon/events/push_delivery.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "directory/base/log.hpp"
#include "directory/base/text.hpp"

namespace bascule::daemon {

using scim::events::Delivery;
using scim::events::EventStream;
using scim::events::EventToken;
using scim::events::FeedPage;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t page_size = 50;
constexpr milliseconds look{250};
constexpr std::chrono::hours longest_asked_wait{1};
/// A stream whose records have no tokens notes its place after so many.
constexpr std::int64_t skip_after = 500;
/// Progress is written down so often at most; what a crash forgets is delivered again.
constexpr milliseconds note_every{100};

/// The receiver's reason (RFC 8935 section 2.3), shortened.
std::string reason_of(const events::PushAnswer& answer) {
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    std::string text;
    if (body.is_object()) {
        for (const char* const name : {"err", "description"}) {
            if (const auto found = body.find(name); found != body.end() && found->is_string()) {
                text += (text.empty() ? "" : ": ") + found->get<std::string>();
            }
        }
    }
    return text.empty() ? "no reason given" : printable(text, 300);
}

Result<Secret> read_authorization(const std::string& path) {
    if (path.empty()) {
        return Secret();
    }
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.pop_back();
    }
    const bool broken = text.find_first_of("\r\n") != std::string::npos;
    if (!file.good() && !file.eof()) {
        text.clear();
    }
    if (text.empty() || broken) {
        wipe(text);
        return fail(
            ErrorKind::unavailable, "authorization_unreadable",
            "The file " + path + " does not hold one line for the Authorization header."
        );
    }
    return Secret(std::move(text));
}

}  // namespace

/// The present of one stream's delivery.
struct PushDelivery::Lane {
    EventStream stream;
    events::PushClient client;
    std::int64_t scanned = 0;  ///< nothing is left to deliver up to here
    bool caught_up = false;    ///< nothing was left at all
    std::uint64_t revision = 0;
    std::uint64_t delivered = 0;  ///< not yet noted in the store
    std::uint64_t refused = 0;
    std::string error;  ///< the receiver's latest, empty when all is well
    milliseconds retry_in{0};
    std::int64_t noted = 0;
    std::string noted_error;
    std::chrono::steady_clock::time_point noted_at;
};

PushDelivery::PushDelivery(
    directory::Store& store, const directory::Clock& clock, StreamService& streams,
    std::function<Means()> means, Timing timing
)
    : store_(store),
      clock_(clock),
      streams_(streams),
      means_(std::move(means)),
      timing_(timing),
      supervisor_([this](const std::stop_token& stop) { supervise(stop); }) {}

PushDelivery::~PushDelivery() = default;

void PushDelivery::rest(const std::stop_token& stop, milliseconds time) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, time, [] { return false; });
}

void PushDelivery::supervise(const std::stop_token& stop) {
    std::map<Uuid, std::jthread> lanes;
    std::uint64_t seen = 0;
    while (!stop.stop_requested()) {
        const std::uint64_t revision = streams_.revision();
        if (revision != seen) {
            reconcile(lanes);
            seen = revision;
        }
        rest(stop, look);
    }
    for (auto& [id, thread] : lanes) {
        thread.request_stop();
    }
}

/// One thread for each push stream there is.
void PushDelivery::reconcile(std::map<Uuid, std::jthread>& lanes) {
    const auto streams = streams_.list();
    if (!streams) {
        log::error(
            "event_streams_unreadable", streams.error().detail, {{"code", streams.error().code}}
        );
        return;
    }
    std::erase_if(lanes, [&](auto& lane) {
        return std::ranges::none_of(*streams, [&](const EventStream& stream) {
            return stream.id == lane.first && stream.delivery == Delivery::push;
        });
    });
    for (const EventStream& stream : *streams) {
        if (stream.delivery == Delivery::push && !lanes.contains(stream.id)) {
            lanes.emplace(stream.id, [this, id = stream.id](const std::stop_token& own) {
                run(own, id);
            });
        }
    }
}

void PushDelivery::run(const std::stop_token& stop, const Uuid& id) {
    Lane lane;
    lane.stream.id = id;
    while (!stop.stop_requested()) {
        const Status outcome = deliver(stop, lane);
        if (!outcome) {
            if (outcome.error().kind == ErrorKind::not_found) {
                return;  // the stream was removed
            }
            lane.error = outcome.error().detail;
            lane.retry_in =
                std::clamp(lane.retry_in * 2, timing_.first_retry, timing_.longest_retry);
        }
        if (lane.error != lane.noted_error ||
            std::chrono::steady_clock::now() - lane.noted_at >= note_every) {
            note(lane);
        }
        if (lane.retry_in > milliseconds{0} && !lane.error.empty()) {
            const std::uint64_t before = streams_.revision();
            for (milliseconds left = lane.retry_in;
                 left > milliseconds{0} && !stop.stop_requested() && streams_.revision() == before;
                 left -= look) {
                rest(stop, std::min(left, look));
            }
        }
    }
    note(lane);
}

/// Delivers what there is, or waits a moment for more.
Status PushDelivery::deliver(const std::stop_token& stop, Lane& lane) {
    const std::uint64_t revision = streams_.revision();
    if (lane.revision != revision) {
        BASCULE_TRY(lane.stream, streams_.find(lane.stream.id.to_string()));
        lane.revision = revision;
        lane.scanned = lane.stream.acknowledged;
        lane.noted = lane.stream.acknowledged;
        lane.noted_error = lane.stream.last_error;
        lane.caught_up = false;
    }
    if (lane.caught_up && !store_.journal_signal().wait_beyond(lane.scanned, look)) {
        return {};
    }
    streams_.follow_client(lane.stream);
    if (lane.stream.waits() || lane.stream.delivery != Delivery::push) {
        rest(stop, look);
        return {};
    }
    lane.caught_up = false;
    const Means means = means_();
    BASCULE_TRY(
        const FeedPage page,
        read_feed(store_, *means.composer, lane.stream, lane.scanned, page_size)
    );
    for (const EventToken& token : page.tokens) {
        if (stop.stop_requested() || streams_.revision() != lane.revision) {
            return {};
        }
        if (lane.stream.acknowledged_beyond.contains(token.place)) {
            continue;  // delivered before the process or the receiver went away
        }
        BASCULE_TRY(const bool done, send(stop, lane, means, token));
        if (!done) {
            return {};
        }
        lane.stream.acknowledged_beyond.insert(token.place);
        lane.scanned = std::max(lane.scanned, token.place.first - 1);
    }
    lane.scanned = page.scanned;
    std::erase_if(lane.stream.acknowledged_beyond, [&](const auto& place) {
        return place.first <= lane.scanned;
    });
    lane.caught_up = !page.more;
    return {};
}

Result<bool> PushDelivery::send(
    const std::stop_token& stop, Lane& lane, const Means& means, const EventToken& token
) {
    events::PushTarget target;
    target.endpoint = lane.stream.endpoint;
    target.ca_file = lane.stream.ca_file;
    BASCULE_TRY(
        target.authorization, lane.stream.authorization.empty()
                                  ? read_authorization(lane.stream.authorization_file)
                                  : streams_.authorization_of(lane.stream)
    );
    BASCULE_TRY(const std::string text, means.signer->sign(token.claims));
    BASCULE_TRY(const events::PushAnswer answer, lane.client.push(target, text, [&stop] {
        return stop.stop_requested();
    }));
    if (answer.status == 202 || answer.status == 200 || answer.status == 204) {
        ++lane.delivered;
        lane.error.clear();
        lane.retry_in = milliseconds{0};
        return true;
    }
    if (answer.status == 400) {
        ++lane.refused;
        lane.error = "The receiver refused " + token.id + ": " + reason_of(answer);
        lane.retry_in = milliseconds{0};
        log::warning(
            "event_refused", lane.error, {{"stream", lane.stream.name}, {"jti", token.id}}
        );
        return true;
    }
    lane.error = "The receiver answered " + std::to_string(answer.status) + ".";
    lane.retry_in = std::clamp(lane.retry_in * 2, timing_.first_retry, timing_.longest_retry);
    if (answer.retry_after) {
        lane.retry_in =
            std::clamp<milliseconds>(*answer.retry_after, timing_.first_retry, longest_asked_wait);
    }
    return false;
}

/// Writes down how far the receiver has come, when that or its state has changed.
void PushDelivery::note(Lane& lane) {
    const bool counted = lane.delivered + lane.refused > 0;
    const bool news =
        counted || lane.error != lane.noted_error || lane.scanned - lane.noted >= skip_after;
    if (!news || lane.revision != streams_.revision()) {
        return;
    }
    const auto written = streams_.progress(lane.stream.id, [&](EventStream& stored) {
        if (stored.acknowledged != lane.noted) {
            return;  // an operator asked for a replay meanwhile
        }
        stored.acknowledged = lane.scanned;
        stored.acknowledged_beyond = lane.stream.acknowledged_beyond;
        stored.delivered += lane.delivered;
        stored.refused += lane.refused;
        if (stored.last_error != lane.error) {
            stored.last_error = lane.error;
            stored.last_error_time =
                lane.error.empty() ? stored.last_error_time : std::optional<Time>(clock_.now());
        }
    });
    if (!written) {
        log::error(
            "event_progress_not_noted", written.error().detail, {{"stream", lane.stream.name}}
        );
        return;
    }
    lane.noted_at = std::chrono::steady_clock::now();
    lane.noted = lane.scanned;
    lane.noted_error = lane.error;
    lane.delivered = 0;
    lane.refused = 0;
}

}  // namespace bascule::daemon
