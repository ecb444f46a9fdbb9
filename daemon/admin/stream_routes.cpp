#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;
using scim::events::Delivery;
using scim::events::EventStream;

json describe(const EventStream& stream, std::int64_t last) {
    json value{
        {"id", stream.id.to_string()},
        {"name", stream.name},
        {"delivery", to_string(stream.delivery)},
        {"detail", to_string(stream.detail)},
        {"audience", stream.audience},
        {"types", stream.types},
        {"scopes", stream.scopes},
        {"client", stream.client_name},
        {"endpoint", stream.endpoint},
        {"state", to_string(state_of(stream))},
        {"description", stream.description},
        {"events", stream.events},
        {"madeByClient", stream.by_client},
        {"created", format_time(stream.created)},
        {"acknowledged", stream.acknowledged},
        {"behind", std::max<std::int64_t>(last - stream.acknowledged, 0)},
        {"delivered", stream.delivered},
        {"refused", stream.refused},
        {"lastError", stream.client_gone ? scim::events::client_gone_text : stream.last_error},
    };
    value["group"] = stream.group ? json(stream.group->to_string()) : json();
    value["lastErrorTime"] =
        stream.last_error_time ? json(format_time(*stream.last_error_time)) : json();
    return value;
}

/// "2026-11-22T08:00:00Z", or nothing when not given.
Result<StreamService::From> from_of(const json& body) {
    const std::string text = body.value("from", "");
    if (text.empty()) {
        return StreamService::From{};
    }
    BASCULE_TRY(const Time time, parse_time(text));
    return StreamService::From{time};
}

Result<EventStream> wanted_of(const json& body) {
    EventStream wanted;
    BASCULE_TRY(wanted.name, required_text(body, "name"));
    const auto delivery = scim::events::parse_delivery(body.value("delivery", "poll"));
    const auto detail = scim::events::parse_detail(body.value("detail", "notice"));
    if (!delivery || !detail) {
        return fail(
            ErrorKind::invalid_input, "invalid_stream",
            "A stream's delivery is poll or push, its detail is notice or full."
        );
    }
    wanted.delivery = *delivery;
    wanted.detail = *detail;
    wanted.types = body.value("types", std::vector<std::string>{});
    wanted.scopes = body.value("scopes", std::vector<std::string>{});
    wanted.client_name = body.value("client", "");
    wanted.endpoint = body.value("endpoint", "");
    wanted.authorization_file = body.value("authorizationFile", "");
    wanted.ca_file = body.value("caFile", "");
    wanted.audience = body.value("audience", "");
    if (wanted.audience.empty()) {
        wanted.audience = wanted.delivery == Delivery::push ? wanted.endpoint : wanted.name;
    }
    if (const std::string group = body.value("group", ""); !group.empty()) {
        BASCULE_TRY(wanted.group, parse_uuid(group));
    }
    return wanted;
}

Result<std::int64_t> last_sequence(directory::Store& store) {
    std::int64_t last = 0;
    BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(last, reader.last_sequence());
        return {};
    }));
    return last;
}

Result<http::Response> create(
    StreamService& streams, directory::Store& store, const http::Request& request,
    const access::Caller& caller
) {
    BASCULE_TRY(const json body, json_object(request));
    EventStream wanted;
    StreamService::From from;
    try {
        BASCULE_TRY(wanted, wanted_of(body));
        BASCULE_TRY(from, from_of(body));
    } catch (const json::exception&) {
        return fail(
            ErrorKind::invalid_input, "invalid_stream", "A member of the stream has another type."
        );
    }
    BASCULE_TRY(const EventStream made, streams.create(std::move(wanted), from, caller));
    BASCULE_TRY(const std::int64_t last, last_sequence(store));
    http::Response response = json_response(describe(made, last));
    response.status = 201;
    return response;
}

Result<http::Response> list(StreamService& streams, directory::Store& store) {
    BASCULE_TRY(const auto all, streams.list());
    BASCULE_TRY(const std::int64_t last, last_sequence(store));
    json value = json::array();
    for (const EventStream& stream : all) {
        value.push_back(describe(stream, last));
    }
    return json_response({{"streams", std::move(value)}});
}

/// remove, pause, resume, replay and verify, by the last segment of the path.
Result<http::Response> act(
    StreamService& streams, const std::string& action, const http::Request& request,
    const access::Caller& caller
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string name, required_text(body, "stream"));
    if (action == "remove") {
        BASCULE_CHECK(streams.remove(name, caller));
    } else if (action == "pause" || action == "resume") {
        BASCULE_CHECK(streams.pause(name, action == "pause", caller));
    } else if (action == "replay") {
        BASCULE_TRY(const std::string text, required_text(body, "from"));
        BASCULE_TRY(const Time from, parse_time(text));
        BASCULE_CHECK(streams.replay(name, from, caller));
    } else {
        const auto state = body.find("state");
        const bool given = state != body.end() && state->is_string();
        BASCULE_CHECK(streams.verify(name, given ? state->get<std::string>() : "", caller));
    }
    return json_response({{"stream", name}, {"done", action}});
}

}  // namespace

Status add_stream_routes(http::Router& router, StreamService& streams, directory::Store& store) {
    using http::Method;
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/streams", "Lists event streams and how far they have come.",
        [&](const http::Request&, const access::Caller&) { return list(streams, store); }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/streams", "Makes an event stream.",
        [&](const http::Request& request, const access::Caller& caller) {
            return create(streams, store, request, caller);
        }
    ));
    for (const char* const action : {"remove", "pause", "resume", "replay", "verify"}) {
        BASCULE_CHECK(add_operator_route(
            router, Method::post, std::string("/v1/streams/") + action, "Changes an event stream.",
            [&streams, name = std::string(action)](
                const http::Request& request, const access::Caller& caller
            ) { return act(streams, name, request, caller); }
        ));
    }
    return {};
}

}  // namespace bascule::daemon
