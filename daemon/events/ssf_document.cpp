#include "daemon/events/ssf_document.hpp"

#include <algorithm>
#include <array>

#include "directory/base/text.hpp"
#include "scim/events/event_uris.hpp"

namespace bascule::daemon {

using nlohmann::json;
using nlohmann::ordered_json;
using scim::events::Delivery;
using scim::events::EventStream;

namespace {

constexpr std::size_t most_events = 100;
constexpr std::size_t longest_text = 1024;

tl::unexpected<Error> invalid(std::string field, std::string detail) {
    return fail(Error{
        ErrorKind::invalid_input, "invalid_stream", std::move(detail), std::move(field), {}, {}});
}

/// A member that is absent, null or a text without control characters.
Result<std::string> text_member(const json& object, const char* name, const std::string& field) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) {
        return std::string{};
    }
    if (!found->is_string() || found->get_ref<const std::string&>().size() > longest_text) {
        return invalid(field, field + " is a text of at most 1024 bytes.");
    }
    std::string text = found->get<std::string>();
    const bool plain = std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    return plain ? Result<std::string>(std::move(text))
                 : invalid(field, field + " has a control character.");
}

Result<StreamWishes::Way> way_of(const json& delivery) {
    if (!delivery.is_object()) {
        return invalid("delivery", "delivery is an object with a method.");
    }
    BASCULE_TRY(const std::string method, text_member(delivery, "method", "delivery.method"));
    StreamWishes::Way way;
    if (method == poll_method) {
        return way;  // the address to poll is ours to say
    }
    if (method != push_method) {
        return invalid(
            "delivery.method", "delivery.method is " + std::string(poll_method) + " (poll) or " +
                                   std::string(push_method) + " (push)."
        );
    }
    way.method = Delivery::push;
    BASCULE_TRY(way.endpoint, text_member(delivery, "endpoint_url", "delivery.endpoint_url"));
    if (way.endpoint.empty()) {
        return invalid("delivery.endpoint_url", "Pushing needs an endpoint_url.");
    }
    BASCULE_TRY(
        std::string authorization,
        text_member(delivery, "authorization_header", "delivery.authorization_header")
    );
    way.authorization = Secret(std::move(authorization));
    return way;
}

Result<std::vector<std::string>> events_of(const json& list) {
    std::vector<std::string> events;
    if (!list.is_array() || list.size() > most_events) {
        return invalid("events_requested", "events_requested is a list of at most 100 event URIs.");
    }
    for (const json& event : list) {
        if (!event.is_string() || event.get_ref<const std::string&>().empty() ||
            event.get_ref<const std::string&>().size() > longest_text) {
            return invalid("events_requested", "events_requested is a list of event URIs.");
        }
        events.push_back(event.get<std::string>());
    }
    return events;
}

std::vector<std::string> events_delivered(const EventStream& stream) {
    std::vector<std::string> events = events_supported(stream);
    std::erase_if(events, [&](const std::string& event) { return !tells(stream, event); });
    return events;
}

}  // namespace

Result<StreamWishes> stream_wishes(const json& body) {
    StreamWishes wishes;
    if (const auto found = body.find("delivery"); found != body.end() && !found->is_null()) {
        BASCULE_TRY(wishes.delivery, way_of(*found));
    }
    if (const auto found = body.find("events_requested");
        found != body.end() && !found->is_null()) {
        BASCULE_TRY(wishes.events, events_of(*found));
    }
    if (body.contains("description")) {
        BASCULE_TRY(wishes.description, text_member(body, "description", "description"));
    }
    return wishes;
}

std::vector<std::string> events_supported(const EventStream& stream) {
    namespace uri = scim::events::uri;
    std::vector<std::string> events;
    for (const std::string_view event : uri::all) {
        const bool is_feed = event == uri::feed_add || event == uri::feed_remove;
        if (stream.group || !is_feed) {
            events.emplace_back(event);
        }
    }
    return events;
}

ordered_json stream_document(const EventStream& stream, const std::string& public_url) {
    const std::string id = stream.id.to_string();
    const bool pushes = stream.delivery == Delivery::push;
    ordered_json document{
        {"stream_id", id},
        {"iss", public_url},
        {"aud", stream.audience},
        {"delivery",
         {{"method", pushes ? push_method : poll_method},
          {"endpoint_url",
           pushes ? stream.endpoint : public_url + "/events/v1/streams/" + id + "/poll"}}},
        {"events_supported", events_supported(stream)},
    };
    if (!stream.events.empty()) {
        document["events_requested"] = stream.events;
    }
    document["events_delivered"] = events_delivered(stream);
    document["min_verification_interval"] = min_verification_interval;
    if (!stream.description.empty()) {
        document["description"] = stream.description;
    }
    return document;
}

Status check_transmitter_members(const json& body, const ordered_json& present) {
    constexpr std::array names{
        "stream_id",
        "iss",
        "aud",
        "events_supported",
        "events_delivered",
        "min_verification_interval",
        "inactivity_timeout"};
    for (const char* const name : names) {
        const auto sent = body.find(name);
        if (sent == body.end() || sent->is_null()) {
            continue;
        }
        const auto found = present.find(name);
        if (found == present.end() || json::parse(found->dump()) != *sent) {
            return invalid(
                name, std::string(name) +
                          " is not the receiver's to change; leave it out or send "
                          "it as it is."
            );
        }
    }
    return {};
}

ordered_json transmitter_document(const std::string& public_url, bool offers_push) {
    ordered_json methods = ordered_json::array({poll_method});
    if (offers_push) {
        methods.push_back(push_method);
    }
    return {
        {"spec_version", "1_0"},
        {"issuer", public_url},
        {"jwks_uri", public_url + "/.well-known/jwks.json"},
        {"delivery_methods_supported", std::move(methods)},
        {"configuration_endpoint", public_url + "/events/v1/streams"},
        {"status_endpoint", public_url + "/events/v1/status"},
        {"verification_endpoint", public_url + "/events/v1/verification"},
        {"authorization_schemes",
         ordered_json::array(
             {{{"spec_urn", "urn:ietf:rfc:6749"}}, {{"spec_urn", "urn:ietf:rfc:6750"}}}
         )},
        {"default_subjects", "ALL"},
    };
}

}  // namespace bascule::daemon
