#include "daemon/events/event_routes.hpp"

#include <chrono>

#include "daemon/admin/json_body.hpp"
#include "http/api/problem.hpp"

namespace bascule::daemon {
namespace {

using http::Request;
using http::RequestContext;
using http::Response;

/// What remains of the request's time for signing and sending.
constexpr std::chrono::milliseconds reserve{500};

http::Route make_route(
    http::Method method, std::string pattern, http::Pool pool, std::string description,
    http::Handler handler
) {
    http::Route route;
    route.method = method;
    route.pattern = std::move(pattern);
    route.pool = pool;
    route.description = std::move(description);
    route.handler = std::move(handler);
    return route;
}

/// The stream, when it may be polled by this caller; to others it does not exist.
Result<scim::events::EventStream> stream_for(
    StreamService& streams, const access::Caller& caller, const std::string& name
) {
    if (!caller.has_scope("events:read")) {
        return fail(
            ErrorKind::forbidden, "insufficient_scope",
            "This needs the scope events:read, which the token does not have."
        );
    }
    auto stream = streams.find(name);
    const bool own = stream && stream->client && stream->client == caller.actor.id &&
                     stream->delivery == scim::events::Delivery::poll;
    if (!own && (stream || stream.error().kind == ErrorKind::not_found)) {
        return fail(
            ErrorKind::not_found, "not_found",
            "There is no event stream of that name for this token to poll."
        );
    }
    return stream;
}

Result<Response> poll(
    EventMeans& means, StreamService& streams, const portal::CallerAuthenticator& authenticator,
    const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const auto caller, authenticator.authenticate_token(request, context));
    BASCULE_TRY(auto stream, stream_for(streams, caller, request.path_parameters.front()));
    BASCULE_TRY(const nlohmann::json body, json_object(request));
    BASCULE_TRY(const PollRequest wanted, parse_poll(body));
    BASCULE_TRY(
        const auto answer, means.poll.poll(std::move(stream), wanted, context.deadline - reserve)
    );
    Response response;
    response.content_type = "application/json";
    response.body = answer.dump();
    response.set("Cache-Control", "no-store");
    return response;
}

/// The completion token; for a bulk request all of them, as a poll would give them.
Result<Response> completion(
    EventMeans& means, AsyncRequests& async, const portal::CallerAuthenticator& authenticator,
    const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const auto caller, authenticator.authenticate_token(request, context));
    BASCULE_TRY(
        const AsyncRequest found,
        async.find(request.path_parameters.front(), caller.actor.id.value_or(Uuid{}))
    );
    Response response;
    response.set("Cache-Control", "no-store");
    if (!found.completed) {
        response.status = 202;
        response.set("Retry-After", "1");
        return response;
    }
    nlohmann::ordered_json sets = nlohmann::ordered_json::object();
    for (const directory::JournalRecord& result : found.results) {
        const std::string id = result.request_id + ".completion";
        BASCULE_TRY(
            sets[id],
            means.signer->sign(means.composer.completion_claims(result, id, found.client_name))
        );
    }
    const bool alone = sets.size() == 1;
    response.content_type = alone ? "application/secevent+jwt" : "application/json";
    response.body = alone ? sets.begin()->get<std::string>()
                          : nlohmann::ordered_json{{"sets", std::move(sets)}}.dump();
    return response;
}

}  // namespace

Status add_event_routes(
    http::Router& router, EventMeans& means, EventSources sources,
    const portal::CallerAuthenticator& authenticator
) {
    BASCULE_CHECK(router.add(make_route(
        http::Method::get, "/.well-known/jwks.json", http::Pool::inline_,
        "The public key of security event tokens as JWK Set.",
        [&means](const Request&, const RequestContext&) {
            Response response;
            response.content_type = "application/jwk-set+json";
            response.body = means.signer->public_keys();
            response.set("Cache-Control", "max-age=300");
            return response;
        }
    )));
    StreamService& streams = sources.streams;
    BASCULE_CHECK(router.add(make_route(
        http::Method::get, "/events/v1/async/{}", http::Pool::read,
        "The completion token of an asynchronous request.",
        [&means, &async = sources.async,
         &authenticator](const Request& request, const RequestContext& context) {
            auto response = completion(means, async, authenticator, request, context);
            return response ? *std::move(response)
                            : http::problem(response.error(), context.request_id);
        }
    )));
    return router.add(make_route(
        http::Method::post, "/events/v1/streams/{}/poll", http::Pool::waiting,
        "Acknowledges security event tokens and fetches further ones (RFC 8936).",
        [&means, &streams, &authenticator](const Request& request, const RequestContext& context) {
            auto response = poll(means, streams, authenticator, request, context);
            return response ? *std::move(response)
                            : http::problem(response.error(), context.request_id);
        }
    ));
}

}  // namespace bascule::daemon
