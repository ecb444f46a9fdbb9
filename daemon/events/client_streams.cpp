#include "daemon/events/client_streams.hpp"

#include <algorithm>
#include <utility>

#include "connectors/events/push_client.hpp"
#include "directory/base/text.hpp"

namespace bascule::daemon {

using scim::events::Delivery;
using scim::events::Detail;
using scim::events::EventStream;

namespace {

constexpr std::ptrdiff_t most_streams_of_a_client = 5;
constexpr std::size_t most_remembered = 1000;

Status require_events(const access::Caller& client) {
    if (client.has_scope("events:read") && client.actor.id) {
        return {};
    }
    return fail(
        ErrorKind::forbidden, "insufficient_scope",
        "This needs the scope events:read, which the token does not have."
    );
}

tl::unexpected<Error> no_such_stream() {
    return fail(
        ErrorKind::not_found, "not_found", "This client has no event stream with that stream_id."
    );
}

/// "*.example.com" matches what ends so, anything else is the host itself.
bool matches(const std::string& pattern, const std::string& host) {
    const std::string wanted = to_ascii_lower(pattern);
    return wanted.starts_with("*.")
               ? host.size() >= wanted.size() && host.ends_with(std::string_view(wanted).substr(1))
               : host == wanted;
}

bool asks_for_values(const std::vector<std::string>& events) {
    return std::ranges::any_of(events, [](const std::string& event) {
        return event.ends_with(":full");
    });
}

}  // namespace

ClientStreams::ClientStreams(
    StreamService& streams, std::string public_url, std::vector<std::string> receivers
)
    : streams_(streams), public_url_(std::move(public_url)), receivers_(std::move(receivers)) {}

Status ClientStreams::check_receiver(const std::string& endpoint) const {
    BASCULE_CHECK(events::check_endpoint(endpoint));
    const std::string host = events::host_of(endpoint);
    if (std::ranges::any_of(receivers_, [&](const std::string& pattern) {
            return matches(pattern, host);
        })) {
        return {};
    }
    return fail(Error{
        ErrorKind::forbidden,
        "receiver_not_allowed",
        "Clients may not have events pushed to '" + printable(host, 200) +
            "'; poll instead, or an operator adds the host to events.receivers.",
        "delivery.endpoint_url",
        {},
        {}});
}

Status ClientStreams::apply(const StreamWishes& wishes, EventStream& stream) const {
    if (wishes.delivery) {
        const StreamWishes::Way& way = *wishes.delivery;
        if (way.method == Delivery::push) {
            BASCULE_CHECK(check_receiver(way.endpoint));
        }
        stream.delivery = way.method;
        stream.endpoint = way.endpoint;
        stream.authorization = streams_.seal(stream.id, way.authorization);
    }
    if (wishes.events) {
        stream.events = *wishes.events;
        stream.detail = asks_for_values(stream.events) ? Detail::full : Detail::notice;
    }
    if (wishes.description) {
        stream.description = *wishes.description;
    }
    return {};
}

Result<EventStream> ClientStreams::create(
    const access::Caller& client, const StreamWishes& wishes
) {
    BASCULE_TRY(const auto own, list(client));
    if (std::ranges::count_if(own, &EventStream::by_client) >= most_streams_of_a_client) {
        return fail(
            ErrorKind::conflict, "too_many_streams",
            "This client has made 5 event streams already; delete one first."
        );
    }
    EventStream wanted;
    wanted.id = streams_.new_id();
    wanted.name = "ssf-" + wanted.id.to_string().substr(24);
    wanted.by_client = true;
    wanted.client_name = client.actor.id->to_string();
    wanted.audience = client.actor.name;
    wanted.scopes = streams_.readable(client.scopes);
    if (wanted.scopes.empty()) {
        return fail(
            ErrorKind::forbidden, "insufficient_scope",
            "A stream tells what its client may read, and this one reads no resources; it needs a "
            "scope such as users:read too."
        );
    }
    BASCULE_CHECK(apply(wishes, wanted));
    return streams_.create(std::move(wanted), std::nullopt, client);
}

Result<std::vector<EventStream>> ClientStreams::list(const access::Caller& client) {
    BASCULE_CHECK(require_events(client));
    BASCULE_TRY(auto streams, streams_.list());
    std::erase_if(streams, [&](const EventStream& stream) {
        return stream.client != client.actor.id;
    });
    return streams;
}

Result<EventStream> ClientStreams::find(const access::Caller& client, std::string_view id) {
    BASCULE_CHECK(require_events(client));
    auto stream = parse_uuid(id) ? streams_.find(id) : Result<EventStream>(no_such_stream());
    if (!stream && stream.error().kind != ErrorKind::not_found) {
        return stream;
    }
    return stream && stream->client == client.actor.id ? std::move(stream)
                                                       : Result<EventStream>(no_such_stream());
}

Result<EventStream> ClientStreams::changeable(const access::Caller& client, std::string_view id) {
    BASCULE_TRY(EventStream stream, find(client, id));
    if (stream.by_client) {
        return stream;
    }
    return fail(
        ErrorKind::forbidden, "operator_stream",
        "This stream was made by an operator, who changes it with 'bascule stream'."
    );
}

Result<EventStream> ClientStreams::update(
    const access::Caller& client, std::string_view id, const StreamWishes& wishes
) {
    BASCULE_CHECK(changeable(client, id));
    BASCULE_CHECK(streams_.configure(id, client, [&](EventStream& stream) {
        return apply(wishes, stream);
    }));
    return find(client, id);
}

Status ClientStreams::remove(const access::Caller& client, std::string_view id) {
    BASCULE_CHECK(changeable(client, id));
    return streams_.remove(id, client);
}

Result<EventStream> ClientStreams::set_state(
    const access::Caller& client, std::string_view id, State state
) {
    BASCULE_TRY(const EventStream stream, changeable(client, id));
    if (stream.paused && !stream.paused_by_client) {
        return fail(
            ErrorKind::forbidden, "paused_by_operator",
            "An operator has paused this stream, and only an operator continues it."
        );
    }
    BASCULE_CHECK(streams_.set_state(id, state, client));
    return find(client, id);
}

Status ClientStreams::admit_verification(const Uuid& stream) {
    const auto now = std::chrono::steady_clock::now();
    constexpr std::chrono::seconds interval{min_verification_interval};
    const std::lock_guard lock(mutex_);
    if (verified_.size() >= most_remembered) {
        verified_.clear();
    }
    const auto [last, is_first] = verified_.try_emplace(stream, now);
    if (!is_first && now - last->second < interval) {
        Error error{
            ErrorKind::rate_limited,
            "verified_just_now",
            "A verification was asked for just now; wait " +
                std::to_string(min_verification_interval) + " seconds between two.",
            {},
            {},
            {}};
        return fail(std::move(error).with_retry_after(interval));
    }
    last->second = now;
    return {};
}

Status ClientStreams::verify(
    const access::Caller& client, std::string_view id, std::string_view state
) {
    BASCULE_TRY(const EventStream stream, find(client, id));
    BASCULE_CHECK(admit_verification(stream.id));
    return streams_.verify(id, state, client);
}

}  // namespace bascule::daemon
