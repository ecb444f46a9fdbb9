#include <chrono>
#include <utility>

#include "daemon/generation.hpp"
#include "http/api/problem.hpp"

namespace bascule::daemon {
namespace {

constexpr std::chrono::seconds time_limit{60};
/// Only run_async() makes requests for these routes, so nobody else can set it.
constexpr const char* async_client_header = "x-bascule-client";

}  // namespace

http::Response run_async(const Generation& generation, const AsyncRequest& request) {
    http::Request message = request.request;
    http::RequestContext context;
    context.request_id = request.id.to_string();
    context.source_address = request.source_address;
    context.secure = true;
    context.deadline = std::chrono::steady_clock::now() + time_limit;
    message.headers.emplace_back(async_client_header, request.client.to_string());
    http::Router::Match match = generation.async_router.match(message.method, message.path);
    if (match.route == nullptr) {
        return http::problem(
            Error{ErrorKind::not_found, "not_found", "There is no such endpoint any more.", {}, {}},
            context.request_id
        );
    }
    message.path_parameters = std::move(match.parameters);
    return match.route->handler(message, context);
}

Result<access::Caller> async_caller(
    selfservice::TokenService& tokens, const http::Request& request,
    const http::RequestContext& context
) {
    const auto id = parse_uuid(request.header(async_client_header));
    BASCULE_TRY(selfservice::Token client, tokens.find(id.value_or(Uuid{})));
    access::Caller caller;
    caller.actor = {directory::ActorKind::token, client.id, std::move(client.name)};
    caller.scopes = std::move(client.scopes);
    caller.attributes = std::move(client.shared_rules);
    caller.profile = std::move(client.profile);
    caller.rate_class = std::move(client.rate_class);
    caller.user = client.user;
    caller.source_address = context.source_address;
    caller.request_id = context.request_id;
    caller.origin = "SCIM";
    return caller;
}

}  // namespace bascule::daemon
