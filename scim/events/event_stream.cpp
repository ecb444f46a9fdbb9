#include "scim/events/event_stream.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "scim/events/event_uris.hpp"

namespace bascule::scim::events {
namespace {

using nlohmann::json;

void put_time(json& body, const char* name, const std::optional<Time>& time) {
    if (time) {
        body[name] = format_time(*time);
    }
}

void put_id(json& body, const char* name, const std::optional<Uuid>& id) {
    if (id) {
        body[name] = id->to_string();
    }
}

std::optional<Time> time_of(const json& body, const char* name) {
    const auto time = parse_time(body.value(name, ""));
    return time ? std::optional<Time>(*time) : std::nullopt;
}

std::optional<Uuid> id_of(const json& body, const char* name) {
    const auto id = parse_uuid(body.value(name, ""));
    return id ? std::optional<Uuid>(*id) : std::nullopt;
}

EventStream read(const json& body) {
    EventStream stream;
    stream.name = body.at("name");
    stream.delivery =
        parse_delivery(body.at("delivery").get<std::string>()).value_or(Delivery::poll);
    stream.detail = parse_detail(body.at("detail").get<std::string>()).value_or(Detail::notice);
    stream.audience = body.value("audience", "");
    stream.description = body.value("description", "");
    stream.events = body.value("events", std::vector<std::string>{});
    stream.types = body.value("types", std::vector<std::string>{});
    stream.scopes = body.value("scopes", std::vector<std::string>{});
    stream.group = id_of(body, "group");
    stream.client = id_of(body, "client");
    stream.client_name = body.value("clientName", "");
    stream.endpoint = body.value("endpoint", "");
    stream.authorization_file = body.value("authorizationFile", "");
    stream.authorization = body.value("authorization", "");
    stream.ca_file = body.value("caFile", "");
    stream.by_client = body.value("byClient", false);
    stream.paused = body.value("paused", false);
    stream.paused_by_client = body.value("pausedByClient", false);
    stream.discards = body.value("discards", false);
    stream.created = time_of(body, "created").value_or(Time{});
    stream.acknowledged = body.at("acknowledged");
    for (const json& place : body.value("acknowledgedBeyond", json::array())) {
        stream.acknowledged_beyond.emplace(place.at(0), place.at(1));
    }
    stream.delivered = body.value("delivered", std::uint64_t{0});
    stream.refused = body.value("refused", std::uint64_t{0});
    stream.last_error = body.value("lastError", "");
    stream.last_error_time = time_of(body, "lastErrorTime");
    return stream;
}

}  // namespace

std::string_view to_string(Delivery delivery) {
    return delivery == Delivery::push ? "push" : "poll";
}

std::string_view to_string(Detail detail) {
    return detail == Detail::full ? "full" : "notice";
}

std::string_view to_string(StreamState state) {
    switch (state) {
        case StreamState::enabled:
            return "enabled";
        case StreamState::paused:
            return "paused";
        case StreamState::disabled:
            return "disabled";
    }
    return "enabled";
}

std::optional<Delivery> parse_delivery(std::string_view text) {
    for (const Delivery known : {Delivery::poll, Delivery::push}) {
        if (text == to_string(known)) {
            return known;
        }
    }
    return std::nullopt;
}

std::optional<Detail> parse_detail(std::string_view text) {
    for (const Detail known : {Detail::notice, Detail::full}) {
        if (text == to_string(known)) {
            return known;
        }
    }
    return std::nullopt;
}

std::optional<StreamState> parse_state(std::string_view text) {
    for (const StreamState known :
         {StreamState::enabled, StreamState::paused, StreamState::disabled}) {
        if (text == to_string(known)) {
            return known;
        }
    }
    return std::nullopt;
}

StreamState state_of(const EventStream& stream) {
    if (!stream.waits()) {
        return StreamState::enabled;
    }
    return stream.discards ? StreamState::disabled : StreamState::paused;
}

bool tells(const EventStream& stream, std::string_view event) {
    if (event == uri::verification) {
        return true;
    }
    if (stream.detail != Detail::full && event.ends_with(":full")) {
        return false;
    }
    return stream.events.empty() || std::ranges::find(stream.events, event) != stream.events.end();
}

std::string stream_body(const EventStream& stream) {
    json body{
        {"id", stream.id.to_string()},
        {"name", stream.name},
        {"delivery", to_string(stream.delivery)},
        {"detail", to_string(stream.detail)},
        {"audience", stream.audience},
        {"description", stream.description},
        {"events", stream.events},
        {"types", stream.types},
        {"scopes", stream.scopes},
        {"clientName", stream.client_name},
        {"endpoint", stream.endpoint},
        {"authorizationFile", stream.authorization_file},
        {"authorization", stream.authorization},
        {"caFile", stream.ca_file},
        {"byClient", stream.by_client},
        {"paused", stream.paused},
        {"pausedByClient", stream.paused_by_client},
        {"discards", stream.discards},
        {"created", format_time(stream.created)},
        {"acknowledged", stream.acknowledged},
        {"delivered", stream.delivered},
        {"refused", stream.refused},
        {"lastError", stream.last_error},
    };
    put_id(body, "group", stream.group);
    put_id(body, "client", stream.client);
    put_time(body, "lastErrorTime", stream.last_error_time);
    for (const auto& [sequence, index] : stream.acknowledged_beyond) {
        body["acknowledgedBeyond"].push_back({sequence, index});
    }
    return body.dump();
}

Result<EventStream> stream_of(const directory::Object& object) {
    try {
        EventStream stream = read(json::parse(object.body));
        stream.id = object.row.id;
        return stream;
    } catch (const json::exception& exception) {
        return fail(Error{
            ErrorKind::internal,
            "broken_stream",
            "The stored description of the event stream '" + object.row.display +
                "' cannot be read; remove the stream and make it again.",
            {},
            exception.what()});
    }
}

std::string token_id(const EventStream& stream, TokenPlace place) {
    return stream.id.to_string() + "." + std::to_string(place.first) + "." +
           std::to_string(place.second);
}

std::optional<TokenPlace> place_of(const EventStream& stream, std::string_view jti) {
    const std::string prefix = stream.id.to_string() + ".";
    if (!jti.starts_with(prefix)) {
        return std::nullopt;
    }
    jti.remove_prefix(prefix.size());
    TokenPlace place{};
    const char* const end = jti.data() + jti.size();
    const auto sequence = std::from_chars(jti.data(), end, place.first);
    if (sequence.ec != std::errc{} || sequence.ptr == end || *sequence.ptr != '.') {
        return std::nullopt;
    }
    const auto index = std::from_chars(sequence.ptr + 1, end, place.second);
    if (index.ec != std::errc{} || index.ptr != end) {
        return std::nullopt;
    }
    return place;
}

}  // namespace bascule::scim::events
