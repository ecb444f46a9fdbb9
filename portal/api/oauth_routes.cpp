#include "portal/api/oauth_routes.hpp"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "directory/base/text.hpp"
#include "http/api/problem.hpp"
#include "portal/api/jwt.hpp"

namespace bascule::portal {
namespace {

using http::Request;
using http::RequestContext;
using http::Response;
using nlohmann::json;
using selfservice::Token;

constexpr const char* token_path = "/oauth2/token";

Response json_answer(int status, const json& body) {
    Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = body.dump();
    response.set("Cache-Control", "no-store").set("Pragma", "no-cache");
    return response;
}

/// RFC 6749 section 5.2. Other failures than those of the protocol keep their own status.
Response oauth_error(const Error& error, const Request& request) {
    const bool unknown_client = error.code == "invalid_client";
    const bool is_protocol = error.kind == ErrorKind::invalid_input || unknown_client;
    const int status = is_protocol ? (unknown_client ? 401 : 400) : http::status_of(error);
    const std::string code = is_protocol                             ? error.code
                             : error.kind == ErrorKind::rate_limited ? "slow_down"
                                                                     : "temporarily_unavailable";
    Response response = json_answer(
        status, {{"error", code},
                 {"error_description", error.kind == ErrorKind::internal
                                           ? "The server could not answer; its log says more."
                                           : error.detail}}
    );
    if (unknown_client && !request.header("authorization").empty()) {
        response.set("WWW-Authenticate", "Basic realm=\"oauth2\", charset=\"UTF-8\"");
    }
    if (error.retry_after) {
        response.set("Retry-After", std::to_string(error.retry_after->count()));
    }
    return response;
}

tl::unexpected<Error> invalid(const char* code, const char* detail) {
    return fail(ErrorKind::invalid_input, code, detail);
}

Status check_form(const Request& request, const http::QueryParameters& form) {
    const std::string_view type = request.header("content-type");
    if (!equals_ignoring_ascii_case(
            type.substr(0, type.find(';')), "application/x-www-form-urlencoded"
        )) {
        return invalid("invalid_request", "Send the form as application/x-www-form-urlencoded.");
    }
    for (const auto& [name, value] : form.all()) {
        if (form.count(name) != 1) {
            return invalid("invalid_request", "A parameter is given more than once.");
        }
    }
    if (form.count("grant_type") == 0) {
        return invalid("invalid_request", "grant_type is missing.");
    }
    if (form.get("grant_type") != "client_credentials") {
        return invalid(
            "unsupported_grant_type", "Only the grant type client_credentials is offered."
        );
    }
    return {};
}

/// Who does not know a secret is slowed down where it calls from; the client itself, which knows
/// it, never is, whatever others try in its name.
Result<Token> client_of(
    const OAuthServices& services, const Request& request, const RequestContext& context,
    const http::QueryParameters& form
) {
    auto client = services.clients.authenticate(request, form);
    if (!client && client.error().code == "invalid_client") {
        const std::string name = ClientAuthentication::claimed_name(request, form);
        constexpr std::size_t no_lower_limit = 1'000'000;
        BASCULE_CHECK(services.throttle.admit(
            "client " + context.source_address + " " + name.substr(0, 200), context.source_address,
            no_lower_limit
        ));
    }
    return client;
}

Result<json> grant(
    const OAuthServices& services, const Request& request, const RequestContext& context
) {
    const http::QueryParameters form(request.body);
    BASCULE_CHECK(check_form(request, form));
    BASCULE_TRY(const Token client, client_of(services, request, context, form));
    BASCULE_TRY(
        const auto scopes, selfservice::narrowed_scopes(client, form.get("scope").value_or(""))
    );
    std::string text;
    for (const std::string& scope : scopes) {
        text += (text.empty() ? "" : " ") + scope;
    }
    return json{
        {"access_token", services.tokens.issue(client, scopes, services.lifetime)},
        {"token_type", "Bearer"},
        {"expires_in", services.lifetime.count()},
        {"scope", text}};
}

json metadata(const std::string& url, const std::vector<std::string>& scopes) {
    return {
        {"issuer", url},
        {"token_endpoint", url + token_path},
        {"grant_types_supported", {"client_credentials"}},
        {"response_types_supported", json::array()},
        {"scopes_supported", scopes},
        {"token_endpoint_auth_methods_supported",
         {"client_secret_basic", "client_secret_post", "private_key_jwt"}},
        {"token_endpoint_auth_signing_alg_values_supported", public_key_algorithms()}};
}

}  // namespace

Status add_oauth_routes(http::Router& router, const OAuthServices& services) {
    http::Route token;
    token.method = http::Method::post;
    token.pattern = token_path;
    token.pool = http::Pool::read;
    token.body_limit = std::size_t{16} << 10;
    token.description = "Gives a client an access token for its credentials.";
    token.handler = [services](const Request& request, const RequestContext& context) {
        const auto answer = grant(services, request, context);
        return answer ? json_answer(200, *answer) : oauth_error(answer.error(), request);
    };
    BASCULE_CHECK(router.add(std::move(token)));
    http::Route about;
    about.method = http::Method::get;
    about.pattern = "/.well-known/oauth-authorization-server";
    about.pool = http::Pool::inline_;
    about.description = "Describes the token endpoint (RFC 8414).";
    about.handler = [text = metadata(services.public_url, services.registered.known_scopes())
                                .dump()](const Request&, const RequestContext&) {
        Response response;
        response.content_type = "application/json";
        response.body = text;
        return response;
    };
    return router.add(std::move(about));
}

}  // namespace bascule::portal
