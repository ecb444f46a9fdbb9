#include "daemon/events/ssf_routes.hpp"

#include <optional>

#include "daemon/admin/json_body.hpp"
#include "http/api/problem.hpp"

namespace bascule::daemon {
namespace {

using http::Method;
using http::Request;
using http::RequestContext;
using http::Response;
using nlohmann::json;
using nlohmann::ordered_json;
using scim::events::EventStream;
using scim::events::StreamState;

Response document(const ordered_json& body, int status = 200) {
    Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = body.dump();
    response.set("Cache-Control", "no-store");
    return response;
}

Response nothing() {
    Response response;
    response.status = 204;
    return response;
}

Error missing_stream_id() {
    return Error{
        ErrorKind::invalid_input,
        "missing_member",
        "Which stream? Name it with stream_id.",
        "stream_id",
        {},
        {}};
}

Result<std::string> stream_in(const Request& request) {
    const auto id = http::QueryParameters(request.query).get("stream_id");
    return id && !id->empty() ? Result<std::string>(*id) : fail(missing_stream_id());
}

Result<std::string> stream_in(const json& body) {
    const auto id = body.find("stream_id");
    return id != body.end() && id->is_string() ? Result<std::string>(id->get<std::string>())
                                               : fail(missing_stream_id());
}

Result<Response> create(
    ClientStreams& streams, const access::Caller& client, const Request& request
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const StreamWishes wishes, stream_wishes(body));
    BASCULE_TRY(const EventStream made, streams.create(client, wishes));
    return document(streams.document(made), 201);
}

/// One stream, or without stream_id all of the client.
Result<Response> read(
    ClientStreams& streams, const access::Caller& client, const Request& request
) {
    if (http::QueryParameters(request.query).count("stream_id") != 0) {
        BASCULE_TRY(const std::string id, stream_in(request));
        BASCULE_TRY(const EventStream stream, streams.find(client, id));
        return document(streams.document(stream));
    }
    BASCULE_TRY(const auto all, streams.list(client));
    ordered_json list = ordered_json::array();
    for (const EventStream& stream : all) {
        list.push_back(streams.document(stream));
    }
    return document(list);
}

/// PATCH changes what is named; PUT takes the rest back to what it is without the receiver's word.
Result<Response> update(
    ClientStreams& streams, const access::Caller& client, const Request& request
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string id, stream_in(body));
    BASCULE_TRY(StreamWishes wishes, stream_wishes(body));
    BASCULE_TRY(const EventStream present, streams.find(client, id));
    BASCULE_CHECK(check_transmitter_members(body, streams.document(present)));
    if (request.method == Method::put) {
        wishes.delivery = wishes.delivery ? std::move(wishes.delivery)
                                          : std::optional<StreamWishes::Way>(StreamWishes::Way{});
        wishes.events = std::move(wishes.events).value_or(std::vector<std::string>{});
        wishes.description = std::move(wishes.description).value_or(std::string{});
    }
    BASCULE_TRY(const EventStream changed, streams.update(client, id, wishes));
    return document(streams.document(changed));
}

Result<Response> remove(
    ClientStreams& streams, const access::Caller& client, const Request& request
) {
    BASCULE_TRY(const std::string id, stream_in(request));
    BASCULE_CHECK(streams.remove(client, id));
    return nothing();
}

ordered_json status_of(const EventStream& stream) {
    ordered_json status{
        {"stream_id", stream.id.to_string()}, {"status", to_string(state_of(stream))}};
    if (stream.paused && !stream.paused_by_client) {
        status["reason"] = "An operator has paused it.";
    }
    return status;
}

Result<Response> read_status(
    ClientStreams& streams, const access::Caller& client, const Request& request
) {
    BASCULE_TRY(const std::string id, stream_in(request));
    BASCULE_TRY(const EventStream stream, streams.find(client, id));
    return document(status_of(stream));
}

Result<Response> set_status(
    ClientStreams& streams, const access::Caller& client, const Request& request
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string id, stream_in(body));
    const auto word = body.find("status");
    const auto state = word != body.end() && word->is_string()
                           ? scim::events::parse_state(word->get_ref<const std::string&>())
                           : std::nullopt;
    if (!state) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_stream",
            "status is enabled, paused or disabled.",
            "status",
            {},
            {}});
    }
    BASCULE_TRY(const EventStream stream, streams.set_state(client, id, *state));
    return document(status_of(stream));
}

Result<Response> verify(
    ClientStreams& streams, const access::Caller& client, const Request& request
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string id, stream_in(body));
    const auto state = body.find("state");
    if (state != body.end() && !state->is_string()) {
        return fail(Error{
            ErrorKind::invalid_input, "invalid_stream", "state is a text.", "state", {}, {}});
    }
    BASCULE_CHECK(
        streams.verify(client, id, state == body.end() ? std::string() : state->get<std::string>())
    );
    return nothing();
}

using Operation =
    Result<Response> (*)(ClientStreams&, const access::Caller&, const Request& request);

struct Entry {
    Method method;
    const char* path;
    const char* description;
    Operation operation;
};

constexpr const char* configuration = "/events/v1/streams";
constexpr const char* status = "/events/v1/status";
constexpr Entry entries[] = {
    {Method::post, configuration, "Makes an event stream.", create},
    {Method::get, configuration, "Reads the client's event streams, or one.", read},
    {Method::patch, configuration, "Changes an event stream.", update},
    {Method::put, configuration, "Replaces what the client decides of an event stream.", update},
    {Method::delete_, configuration, "Ends an event stream.", remove},
    {Method::get, status, "Reads whether an event stream delivers.", read_status},
    {Method::post, status, "Pauses, disables or enables an event stream.", set_status},
    {Method::post, "/events/v1/verification", "Sends a verification event.", verify},
};

Status add_transmitter(http::Router& router, const ClientStreams& streams) {
    http::Route route;
    route.method = Method::get;
    route.pattern = "/.well-known/ssf-configuration";
    route.pool = http::Pool::inline_;
    route.description = "Where event streams are managed (Shared Signals Framework).";
    route.handler = [body = streams.transmitter().dump()](const Request&, const RequestContext&) {
        Response response;
        response.content_type = "application/json";
        response.body = body;
        response.set("Cache-Control", "max-age=300");
        return response;
    };
    return router.add(std::move(route));
}

}  // namespace

Status add_ssf_routes(
    http::Router& router, ClientStreams& streams, const portal::CallerAuthenticator& authenticator
) {
    BASCULE_CHECK(add_transmitter(router, streams));
    for (const Entry& entry : entries) {
        http::Route route;
        route.method = entry.method;
        route.pattern = entry.path;
        route.pool = entry.method == Method::get ? http::Pool::read : http::Pool::write;
        route.description = entry.description;
        route.handler = [&streams, &authenticator, operation = entry.operation](
                            const Request& request, const RequestContext& context
                        ) {
            const auto client = authenticator.authenticate_token(request, context);
            auto response = client ? operation(streams, *client, request)
                                   : Result<Response>(fail(client.error()));
            return response ? *std::move(response)
                            : http::problem(response.error(), context.request_id);
        };
        BASCULE_CHECK(router.add(std::move(route)));
    }
    return {};
}

}  // namespace bascule::daemon
