#include "portal/api/caller_authenticator.hpp"

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule::portal {
namespace {

using access::Caller;
using http::Method;
using http::Request;
using http::RequestContext;

constexpr std::string_view bearer = "bearer ";

bool changes_something(Method method) {
    return method != Method::get && method != Method::head && method != Method::options;
}

bool is_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    const auto end = type.find_last_not_of(" \t");
    return equals_ignoring_ascii_case(type.substr(0, end + 1), "application/json");
}

Caller caller_in(const RequestContext& context) {
    Caller caller;
    caller.source_address = context.source_address;
    caller.request_id = context.request_id;
    caller.origin = "API";
    return caller;
}

}  // namespace

std::string_view session_token_of(const Request& request) {
    for (const auto& [name, value] : request.headers) {
        if (name != "cookie") {
            continue;
        }
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto end = rest.find(';');
            std::string_view pair = rest.substr(0, end);
            rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
            pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
            if (pair.starts_with(session_cookie) &&
                pair.substr(session_cookie.size()).starts_with('=')) {
                return pair.substr(session_cookie.size() + 1);
            }
        }
    }
    return {};
}

Status check_same_site(const Request& request) {
    if (!changes_something(request.method)) {
        return {};
    }
    const std::string_view site = request.header("sec-fetch-site");
    const bool foreign = !site.empty() && site != "same-origin";
    const bool plain_form = !request.body.empty() && !is_json(request.header("content-type"));
    if (foreign || plain_form || request.header("x-bascule-request") != "1") {
        return fail(
            ErrorKind::forbidden, "cross_site_request",
            "The request could come from a foreign page. Send 'X-Bascule-Request: 1', and bodies "
            "as application/json."
        );
    }
    return {};
}

Result<selfservice::Token> CallerAuthenticator::client_of(std::string_view authorization) const {
    if (!equals_ignoring_ascii_case(authorization.substr(0, bearer.size()), bearer)) {
        return fail(
            ErrorKind::unauthenticated, "invalid_token", "Send 'Authorization: Bearer' and a token."
        );
    }
    const std::string_view token = authorization.substr(bearer.size());
    if (sign_on_.access_tokens != nullptr && selfservice::AccessTokens::is_access_token(token)) {
        return sign_on_.access_tokens->verify(token);
    }
    const bool is_foreign =
        !selfservice::TokenService::is_secret(token) && token.find('.') != std::string_view::npos;
    if (is_foreign && sign_on_.issuers != nullptr && !sign_on_.issuers->empty()) {
        return sign_on_.issuers->verify(token);
    }
    return tokens_.verify(token);
}

Result<Caller> CallerAuthenticator::admit(
    selfservice::Token client, const Request& request, const RequestContext& context
) const {
    Caller caller = caller_in(context);
    caller.actor = {directory::ActorKind::token, client.id, std::move(client.name)};
    caller.scopes = std::move(client.scopes);
    caller.narrowed = client.narrowed;
    caller.attributes = std::move(client.shared_rules);
    caller.profile = std::move(client.profile);
    caller.rate_class = std::move(client.rate_class);
    caller.user = client.user;
    if (sign_on_.limits != nullptr) {
        using Use = access::RateLimiter::Use;
        const bool writes =
            changes_something(request.method) && !request.path.ends_with("/.search");
        BASCULE_CHECK(sign_on_.limits->admit(caller, writes ? Use::write : Use::read));
    }
    return caller;
}

Result<Caller> CallerAuthenticator::authenticate_token(
    const Request& request, const RequestContext& context
) const {
    const std::string_view authorization = request.header("authorization");
    if (authorization.empty() && !context.client_certificate_names.empty()) {
        BASCULE_TRY(
            selfservice::Token client, tokens_.find_by_certificate(context.client_certificate_names)
        );
        return admit(std::move(client), request, context);
    }
    BASCULE_TRY(selfservice::Token client, client_of(authorization));
    return admit(std::move(client), request, context);
}

Result<Caller> CallerAuthenticator::authenticate(
    const Request& request, const RequestContext& context, Admit admit
) const {
    const std::string_view cookie = session_token_of(request);
    const bool has_certificate = !context.client_certificate_names.empty();
    if (!request.header("authorization").empty() || (cookie.empty() && has_certificate)) {
        return authenticate_token(request, context);
    }
    BASCULE_TRY(selfservice::Session session, sessions_.find(cookie));
    BASCULE_CHECK(check_same_site(request));
    if (session.must_change_password && admit != Admit::must_change_too) {
        return fail(
            ErrorKind::forbidden, "password_change_required",
            "Your password was reset. Choose a new one first; until then nothing else is possible."
        );
    }
    Caller caller = caller_in(context);
    caller.actor = {directory::ActorKind::user, session.user, std::move(session.user_name)};
    caller.session = session.id;
    caller.must_change_password = session.must_change_password;
    return caller;
}

}  // namespace bascule::portal
