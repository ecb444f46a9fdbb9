#include <algorithm>
#include <chrono>

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
    BASCULE_TRY(const auto all, tokens.list());
    const auto found = std::ranges::find_if(all, [&](const selfservice::Token& token) {
        return token.id.to_string() == request.header(async_client_header);
    });
    const bool expired =
        found != all.end() && found->expires && *found->expires <= std::chrono::system_clock::now();
    if (found == all.end() || expired) {
        return fail(
            ErrorKind::unauthenticated, "invalid_token",
            "The token that sent the request was revoked or has expired."
        );
    }
    access::Caller caller;
    caller.actor = {directory::ActorKind::token, found->id, found->name};
    caller.scopes = found->scopes;
    caller.profile = found->profile;
    caller.source_address = context.source_address;
    caller.request_id = context.request_id;
    caller.origin = "SCIM";
    return caller;
}

}  // namespace bascule::daemon
