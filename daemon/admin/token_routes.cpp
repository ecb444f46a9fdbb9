#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

json describe(const selfservice::Token& token) {
    json value{
        {"id", token.id.to_string()},
        {"name", token.name},
        {"scopes", token.scopes},
        {"created", format_time(token.created)},
    };
    value["expires"] = token.expires ? json(format_time(*token.expires)) : json();
    value["lastUsed"] = token.last_used ? json(format_time(*token.last_used)) : json();
    value["profile"] = token.profile.empty() ? json() : json(token.profile);
    return value;
}

/// The profile that the body names; empty for the default one.
Result<std::string> profile_in(const json& body, const scim::ProfileRegistry& profiles) {
    const auto named = body.find("profile");
    if (named == body.end() || !named->is_string() || named->get<std::string>().empty()) {
        return std::string();
    }
    BASCULE_CHECK(profiles.check_name(named->get<std::string>()));
    return named->get<std::string>();
}

Result<http::Response> create(
    selfservice::TokenService& tokens, const directory::Clock& clock,
    const scim::ProfileRegistry& profiles, const http::Request& request,
    const access::Caller& caller
) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string name, required_text(body, "name"));
    std::vector<std::string> scopes;
    for (const json& scope : body.value("scopes", json::array())) {
        if (scope.is_string()) {
            scopes.push_back(scope.get<std::string>());
        }
    }
    std::optional<Time> expires;
    if (const auto lifetime = body.find("lifetimeSeconds");
        lifetime != body.end() && lifetime->is_number_integer()) {
        expires = clock.now() + std::chrono::seconds(lifetime->get<std::int64_t>());
    }
    BASCULE_TRY(std::string profile, profile_in(body, profiles));
    BASCULE_TRY(
        const auto created,
        tokens.create(name, std::move(scopes), expires, caller, std::move(profile))
    );
    json value = describe(created.token);
    value["token"] = std::string(created.secret.reveal());
    http::Response response = json_response(value);
    response.status = 201;
    return response;
}

}  // namespace

Status add_token_routes(
    http::Router& router, selfservice::TokenService& tokens, const directory::Clock& clock,
    const scim::ProfileRegistry& profiles
) {
    using http::Method;
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/tokens", "Lists the bearer tokens without their secrets.",
        [&tokens](const http::Request&, const access::Caller&) -> Result<http::Response> {
            BASCULE_TRY(const auto all, tokens.list());
            json value = json::array();
            for (const selfservice::Token& token : all) {
                value.push_back(describe(token));
            }
            return json_response({{"tokens", value}});
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/tokens", "Makes a bearer token and shows its secret once.",
        [&tokens, &clock, &profiles](const http::Request& request, const access::Caller& caller) {
            return create(tokens, clock, profiles, request, caller);
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/tokens/set", "Gives a bearer token another profile.",
        [&tokens, &profiles](const http::Request& request, const access::Caller& caller)
            -> Result<http::Response> {
            BASCULE_TRY(const json body, json_object(request));
            BASCULE_TRY(const std::string name, required_text(body, "token"));
            BASCULE_TRY(const std::string profile, profile_in(body, profiles));
            BASCULE_CHECK(tokens.set_profile(name, profile, caller));
            return json_response({{"changed", name}});
        }
    ));
    return add_operator_route(
        router, Method::post, "/v1/tokens/revoke", "Ends a bearer token by name or id.",
        [&tokens](
            const http::Request& request, const access::Caller& caller
        ) -> Result<http::Response> {
            BASCULE_TRY(const json body, json_object(request));
            BASCULE_TRY(const std::string name, required_text(body, "token"));
            BASCULE_CHECK(tokens.revoke(name, caller));
            return json_response({{"revoked", name}});
        }
    );
}

}  // namespace bascule::daemon
