#include <nlohmann/json.hpp>

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"
#include "portal/api/jwt.hpp"
#include "scim/service/attribute_access.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;
using selfservice::Token;
using selfservice::TokenService;
using selfservice::TokenSettings;

json describe(const access::NameRule& rule) {
    return {{"only", rule.only}, {"except", rule.except}};
}

json or_null(const std::optional<Time>& time) {
    return time ? json(format_time(*time)) : json();
}

json describe(const Token& token) {
    return {
        {"id", token.id.to_string()},
        {"name", token.name},
        {"scopes", token.scopes},
        {"created", format_time(token.created)},
        {"expires", or_null(token.expires)},
        {"lastUsed", or_null(token.last_used)},
        {"secret", token.has_secret},
        {"oldSecretEnds", or_null(token.old_secret_ends)},
        {"read", describe(token.attributes.read)},
        {"write", describe(token.attributes.write)},
        {"profile", token.profile.empty() ? json() : json(token.profile)},
        {"rateClass", token.rate_class},
        {"certificates", token.certificates},
        {"subjects", token.subjects},
        {"keys", !token.keys.empty()},
        {"user", token.user ? json(token.user->to_string()) : json()},
    };
}

json describe(const TokenService::Created& created) {
    json value = describe(created.token);
    if (!created.secret.empty()) {
        value["token"] = std::string(created.secret.reveal());
    }
    return value;
}

/// Texts of a list; empty ones are left out, so that one empty text clears it.
void read_list(const json& body, const char* name, std::vector<std::string>& into) {
    const auto list = body.find(name);
    if (list == body.end() || !list->is_array()) {
        return;
    }
    into.clear();
    for (const json& text : *list) {
        if (text.is_string() && !text.get_ref<const std::string&>().empty()) {
            into.push_back(text.get<std::string>());
        }
    }
}

void read_text(const json& body, const char* name, std::string& into) {
    if (const auto text = body.find(name); text != body.end() && text->is_string()) {
        into = text->get<std::string>();
    }
}

void read_rule(const json& body, const char* name, access::NameRule& into) {
    if (const auto rule = body.find(name); rule != body.end() && rule->is_object()) {
        read_list(*rule, "only", into.only);
        read_list(*rule, "except", into.except);
    }
}

/// The user for whom the client shall act, by name; an empty name for nobody. Nothing when the body
/// does not say.
using User = std::optional<std::optional<Uuid>>;
Result<User> read_user(const json& body, TokenService& tokens) {
    const auto name = body.find("user");
    if (name == body.end() || !name->is_string()) {
        return User{};
    }
    if (name->get_ref<const std::string&>().empty()) {
        return User{std::optional<Uuid>{}};
    }
    BASCULE_TRY(const Uuid id, tokens.find_user(name->get_ref<const std::string&>()));
    return User{id};
}

/// Takes over what the body names.
void read_settings(const json& body, const User& user, Time now, TokenSettings& into) {
    into.user = user.value_or(into.user);
    read_list(body, "scopes", into.scopes);
    read_rule(body, "read", into.attributes.read);
    read_rule(body, "write", into.attributes.write);
    read_text(body, "profile", into.profile);
    read_text(body, "rateClass", into.rate_class);
    read_list(body, "certificates", into.certificates);
    read_list(body, "subjects", into.subjects);
    read_text(body, "keys", into.keys);
    if (const auto lifetime = body.find("lifetimeSeconds");
        lifetime != body.end() && lifetime->is_number_integer()) {
        into.expires = now + std::chrono::seconds(lifetime->get<std::int64_t>());
    }
}

Status check_keys(const std::string& keys) {
    if (keys.empty()) {
        return {};
    }
    const auto parsed = portal::KeySet::parse(keys);
    return parsed ? Status{} : Status(fail(parsed.error()));
}

class TokenRoutes {
  public:
    TokenRoutes(
        Core& core, const scim::SchemaRegistry& schemas, const scim::ProfileRegistry& profiles
    )
        : core_(core), schemas_(schemas), profiles_(profiles) {}

    Result<http::Response> list() const {
        BASCULE_TRY(const auto all, core_.tokens->list());
        json value = json::array();
        for (const Token& token : all) {
            value.push_back(describe(token));
        }
        return json_response({{"tokens", value}});
    }

    Result<http::Response> create(const http::Request& request, const access::Caller& caller)
        const {
        BASCULE_TRY(const json body, json_object(request));
        TokenSettings settings;
        BASCULE_TRY(settings.name, required_text(body, "name"));
        BASCULE_TRY(const User user, read_user(body, *core_.tokens));
        read_settings(body, user, core_.clock.now(), settings);
        BASCULE_CHECK(scim::check_attribute_rules(schemas_, settings.attributes));
        BASCULE_CHECK(check_keys(settings.keys));
        BASCULE_CHECK(check_profile(body));
        const bool with_secret = body.value("secret", true);
        BASCULE_TRY(
            const auto created,
            core_.tokens->create(
                std::move(settings), caller,
                with_secret ? TokenService::WithSecret::yes : TokenService::WithSecret::no
            )
        );
        http::Response response = json_response(describe(created));
        response.status = 201;
        return response;
    }

    Result<http::Response> set(const http::Request& request, const access::Caller& caller) const {
        BASCULE_TRY(const json body, json_object(request));
        BASCULE_TRY(const std::string name, required_text(body, "token"));
        access::AttributeRules rules;
        read_rule(body, "read", rules.read);
        read_rule(body, "write", rules.write);
        BASCULE_CHECK(scim::check_attribute_rules(schemas_, rules));
        std::string keys;
        read_text(body, "keys", keys);
        BASCULE_CHECK(check_keys(keys));
        BASCULE_CHECK(check_profile(body));
        BASCULE_TRY(const User user, read_user(body, *core_.tokens));
        const Time now = core_.clock.now();
        BASCULE_TRY(
            const Token token,
            core_.tokens->set(
                name, [&](TokenSettings& settings) { read_settings(body, user, now, settings); },
                caller
            )
        );
        return json_response(describe(token));
    }

    Result<http::Response> rotate(const http::Request& request, const access::Caller& caller)
        const {
        BASCULE_TRY(const json body, json_object(request));
        BASCULE_TRY(const std::string name, required_text(body, "token"));
        const std::chrono::seconds overlap(body.value("overlapSeconds", std::int64_t{0}));
        BASCULE_TRY(const auto created, core_.tokens->rotate(name, overlap, caller));
        return json_response(describe(created));
    }

    Result<http::Response> revoke(const http::Request& request, const access::Caller& caller)
        const {
        BASCULE_TRY(const json body, json_object(request));
        BASCULE_TRY(const std::string name, required_text(body, "token"));
        BASCULE_CHECK(
            body.value("old", false) ? core_.tokens->end_old_secret(name, caller)
                                     : core_.tokens->revoke(name, caller)
        );
        return json_response({{"revoked", name}});
    }

  private:
    /// An empty name is the default profile.
    [[nodiscard]] Status check_profile(const json& body) const {
        std::string name;
        read_text(body, "profile", name);
        return name.empty() ? Status{} : profiles_.check_name(name);
    }

    Core& core_;
    const scim::SchemaRegistry& schemas_;
    const scim::ProfileRegistry& profiles_;
};

}  // namespace

Status add_token_routes(
    http::Router& router, Core& core, const scim::SchemaRegistry& schemas,
    const scim::ProfileRegistry& profiles
) {
    using http::Method;
    using Action =
        Result<http::Response> (TokenRoutes::*)(const http::Request&, const access::Caller&) const;
    const TokenRoutes routes(core, schemas, profiles);
    const auto add = [&](std::string path, std::string description, Action action) {
        return add_operator_route(
            router, Method::post, std::move(path), std::move(description),
            [routes, action](const http::Request& request, const access::Caller& caller) {
                return (routes.*action)(request, caller);
            }
        );
    };
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/tokens", "Lists the clients without their secrets.",
        [routes](const http::Request&, const access::Caller&) { return routes.list(); }
    ));
    BASCULE_CHECK(
        add("/v1/tokens", "Makes a client and shows its secret once.", &TokenRoutes::create)
    );
    BASCULE_CHECK(add("/v1/tokens/set", "Changes what a client may.", &TokenRoutes::set));
    BASCULE_CHECK(add("/v1/tokens/rotate", "Gives a client another secret.", &TokenRoutes::rotate));
    return add(
        "/v1/tokens/revoke", "Ends a client, or its old secret, by name or id.",
        &TokenRoutes::revoke
    );
}

}  // namespace bascule::daemon
