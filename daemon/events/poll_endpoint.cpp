#include "daemon/events/poll_endpoint.hpp"

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule::daemon {

using nlohmann::json;
using nlohmann::ordered_json;
using scim::events::EventStream;
using scim::events::EventToken;
using scim::events::FeedPage;

namespace {

constexpr std::size_t most_tokens = 1000;
/// Records without tokens for a stream are skipped for good once they are this many.
constexpr std::int64_t skip_after = 500;
/// Fewer than the threads of the pool, so that acknowledgements never wait for polls.
constexpr int most_waiting = 12;

Error invalid(std::string field, std::string detail) {
    return Error{ErrorKind::invalid_input, "invalid_poll", std::move(detail), std::move(field), {}};
}

std::string error_text(const json& error) {
    std::string text;
    if (error.is_object()) {
        text = error.value("err", "");
        const std::string description = error.value("description", "");
        text += description.empty() ? "" : ": " + description;
    }
    return printable(text.empty() ? "no reason given" : text, 300);
}

std::size_t window_of(const EventStream& stream, const PollRequest& request) {
    return std::min(
        most_tokens + stream.acknowledged_beyond.size(),
        std::max(request.most, request.acknowledged.size()) + stream.acknowledged_beyond.size() + 1
    );
}

}  // namespace

Result<PollRequest> parse_poll(const json& body) {
    PollRequest request;
    try {
        if (const auto most = body.find("maxEvents"); most != body.end()) {
            if (!most->is_number_unsigned()) {
                return fail(invalid("maxEvents", "maxEvents is a number of tokens, 0 or more."));
            }
            request.most = std::min<std::size_t>(most->get<std::size_t>(), most_tokens);
        }
        request.return_immediately = body.value("returnImmediately", false);
        request.acknowledged = body.value("ack", std::vector<std::string>{});
        const json errors = body.value("setErrs", json::object());
        for (const auto& [jti, error] : errors.items()) {
            request.refused.emplace(jti, error_text(error));
        }
    } catch (const json::exception&) {
        return fail(invalid(
            {},
            "A poll has maxEvents (number), returnImmediately (boolean), ack (list of jti) and "
            "setErrs (object by jti)."
        ));
    }
    if (request.acknowledged.size() + request.refused.size() > 10 * most_tokens) {
        return fail(invalid("ack", "At most 10000 tokens can be acknowledged at once."));
    }
    return request;
}

void note_outcomes(
    EventStream& stream, const PollRequest& request, const FeedPage& page, Time now
) {
    const auto note = [&](const std::string& jti) {
        const auto place = place_of(stream, jti);
        return place && place->first > stream.acknowledged && place->first <= page.scanned &&
               stream.acknowledged_beyond.insert(*place).second;
    };
    for (const std::string& jti : request.acknowledged) {
        stream.delivered += note(jti) ? 1 : 0;
    }
    for (const auto& [jti, reason] : request.refused) {
        if (note(jti)) {
            ++stream.refused;
            stream.last_error = "The receiver refused " + jti + ": " + reason;
            stream.last_error_time = now;
        }
    }
    settle(stream, page);
}

Result<EventStream> PollEndpoint::acknowledge(
    const EventStream& stream, const PollRequest& request
) {
    if (request.acknowledged.empty() && request.refused.empty()) {
        return stream;
    }
    BASCULE_TRY(
        const FeedPage page,
        read_feed(store_, composer_, stream, stream.acknowledged, window_of(stream, request))
    );
    return streams_.progress(stream.id, [&](EventStream& stored) {
        note_outcomes(stored, request, page, clock_.now());
    });
}

Result<ordered_json> PollEndpoint::answer(
    const EventStream& stream, const FeedPage& page, std::size_t most
) const {
    ordered_json sets = ordered_json::object();
    bool more = page.more;
    for (const EventToken& token : page.tokens) {
        if (stream.acknowledged_beyond.contains(token.place)) {
            continue;
        }
        if (sets.size() == most) {
            more = true;
            break;
        }
        BASCULE_TRY(sets[token.id], signer_.sign(token.claims));
    }
    ordered_json answer{{"sets", std::move(sets)}};
    if (more) {
        answer["moreAvailable"] = true;
    }
    return answer;
}

Status PollEndpoint::skip(const EventStream& stream, const FeedPage& page) {
    if (!page.tokens.empty() || page.scanned - stream.acknowledged < skip_after) {
        return {};
    }
    return streams_.progress(
                       stream.id, [&](EventStream& stored) { settle(stored, page); }
    ).map([](const EventStream&) {});
}

Result<ordered_json> PollEndpoint::poll(
    EventStream stream, const PollRequest& request, std::chrono::steady_clock::time_point deadline
) {
    BASCULE_TRY(stream, acknowledge(stream, request));
    if (request.most == 0 || stream.waits()) {
        return ordered_json{{"sets", ordered_json::object()}};
    }
    directory::JournalSignal& signal = store_.journal_signal();
    std::int64_t after = stream.acknowledged;
    for (;;) {
        BASCULE_TRY(
            const FeedPage page,
            read_feed(store_, composer_, stream, after, window_of(stream, request))
        );
        BASCULE_TRY(ordered_json result, answer(stream, page, request.most));
        const auto now = std::chrono::steady_clock::now();
        const bool last = request.return_immediately || now >= deadline || signal.closed();
        if (!result["sets"].empty() || (last && !page.more)) {
            return result;
        }
        if (page.after == stream.acknowledged) {
            BASCULE_CHECK(skip(stream, page));
        }
        after = page.scanned;
        if (page.more) {
            continue;
        }
        if (++waiting_ > most_waiting) {
            --waiting_;
            return result;
        }
        const bool woken = signal.wait_beyond(
            after, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now)
        );
        --waiting_;
        static_cast<void>(woken);
        streams_.follow_client(stream);
    }
}

}  // namespace bascule::daemon
