#include "selfservice/tokens/token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::selfservice {
namespace {

using directory::Object;

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) {
        return;
    }
    json.key(name).begin_array();
    for (const std::string& text : texts) {
        json.text(text);
    }
    json.end_array();
}

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        json.field(name, text);
    }
}

void write_time(JsonWriter& json, std::string_view name, const std::optional<Time>& time) {
    if (time) {
        json.field(name, format_time(*time));
    }
}

std::string text_member(std::string_view body, std::string_view name) {
    return json_text_member(body, name).value_or("");
}

std::vector<std::string> list_member(std::string_view body, std::string_view name) {
    std::vector<std::string> texts;
    if (const std::string_view list = json_member(body, name); !list.empty()) {
        JsonElements elements(list);
        while (const auto element = elements.next()) {
            texts.push_back(decode_json_string(*element));
        }
    }
    return texts;
}

std::optional<Time> time_member(std::string_view body, std::string_view name) {
    const auto time = parse_time(text_member(body, name));
    return time ? std::optional<Time>(*time) : std::nullopt;
}

/// An end that cannot be read is an end.
std::optional<Time> end_member(std::string_view body, std::string_view name) {
    const auto end = time_member(body, name);
    return end || json_member(body, name).empty() ? end : Time{};
}

/// An id that cannot be read is nobody's, so it signs nobody on.
std::optional<Uuid> user_member(std::string_view body) {
    const std::string text = text_member(body, "user");
    if (text.empty()) {
        return std::nullopt;
    }
    return parse_uuid(text).value_or(Uuid{});
}

Error invalid(const char* code, std::string field, std::string detail) {
    return Error{ErrorKind::invalid_input, code, std::move(detail), std::move(field), {}, {}};
}

bool is_plain_text(std::string_view text, std::size_t longest) {
    return !text.empty() && text.size() <= longest && is_valid_utf8(text) &&
           printable(text, longest) == text;
}

Status check_scopes(const std::vector<std::string>& scopes, const directory::Registry& registry) {
    if (scopes.empty()) {
        return fail(invalid("unknown_scope", "scopes", "A token needs at least one scope."));
    }
    const auto known = known_scopes(registry);
    for (const std::string& scope : scopes) {
        if (std::ranges::find(known, scope) == known.end()) {
            return fail(invalid(
                "unknown_scope", "scopes",
                fmt::format(
                    "There is no scope '{}'. Known: {}.", printable(scope), fmt::join(known, ", ")
                )
            ));
        }
    }
    return {};
}

Status check_certificate(const std::string& name) {
    const bool known =
        name.starts_with("DNS:") || name.starts_with("URI:") || name.starts_with("email:");
    if (known && is_plain_text(name, 256) && name.find(':') + 1 < name.size()) {
        return {};
    }
    return fail(invalid(
        "invalid_certificate_name", "certificates",
        fmt::format(
            "'{}' names no certificate. Write what its subjectAltName has: DNS:host, URI:…, or "
            "email:….",
            printable(name)
        )
    ));
}

Status check_subject(const std::string& subject) {
    const std::size_t colon = subject.find(':');
    if (is_plain_text(subject, 256) && colon != std::string::npos && colon > 0 &&
        colon + 1 < subject.size()) {
        return {};
    }
    return fail(invalid(
        "invalid_subject", "subjects",
        fmt::format(
            "'{}' names no subject. Write the issuer's name in the configuration, a colon and the "
            "value of its claim.",
            printable(subject)
        )
    ));
}

}  // namespace

std::vector<std::string> known_scopes(const directory::Registry& registry) {
    std::vector<std::string> scopes{
        "users:read", "users:write", "groups:read", "groups:write", "privileges:write",
        "admin:read", "admin:write", "events:read", "me:read",      "me:write"};
    for (std::size_t index = 0; index < registry.type_count(); ++index) {
        const std::string& scope = registry.spec(static_cast<directory::TypeId>(index)).scope;
        for (const char* const right : {":read", ":write"}) {
            if (!scope.empty() && std::ranges::find(scopes, scope + right) == scopes.end()) {
                scopes.push_back(scope + right);
            }
        }
    }
    return scopes;
}

std::string token_body(const Token& token, const SecretHashes& hashes) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("id", token.id.to_string()).field("name", token.name);
    write_text(json, "hash", hashes.present);
    write_text(json, "oldHash", hashes.old);
    write_time(json, "oldEnds", token.old_secret_ends);
    write_list(json, "scopes", token.scopes);
    write_list(json, "readOnlyThese", token.attributes.read.only);
    write_list(json, "readNotThese", token.attributes.read.except);
    write_list(json, "writeOnlyThese", token.attributes.write.only);
    write_list(json, "writeNotThese", token.attributes.write.except);
    write_text(json, "profile", token.profile);
    write_text(json, "rateClass", token.rate_class);
    write_list(json, "certificates", token.certificates);
    write_list(json, "subjects", token.subjects);
    write_text(json, "keys", token.keys);
    write_text(json, "user", token.user ? token.user->to_string() : "");
    json.field("created", format_time(token.created));
    json.field("validFrom", format_time(token.valid_from));
    write_time(json, "expires", token.expires);
    write_time(json, "lastUsed", token.last_used);
    json.end_object();
    return body;
}

Token token_of(const Object& object) {
    const std::string_view body = object.body;
    Token token;
    token.id = object.row.id;
    token.name = text_member(body, "name");
    token.scopes = list_member(body, "scopes");
    token.attributes.read.only = list_member(body, "readOnlyThese");
    token.attributes.read.except = list_member(body, "readNotThese");
    token.attributes.write.only = list_member(body, "writeOnlyThese");
    token.attributes.write.except = list_member(body, "writeNotThese");
    token.profile = text_member(body, "profile");
    token.rate_class = text_member(body, "rateClass");
    token.certificates = list_member(body, "certificates");
    token.subjects = list_member(body, "subjects");
    token.keys = text_member(body, "keys");
    token.user = user_member(body);
    token.created = time_member(body, "created").value_or(Time{});
    token.valid_from = time_member(body, "validFrom").value_or(token.created);
    token.expires = end_member(body, "expires");
    token.last_used = time_member(body, "lastUsed");
    token.has_secret = !json_member(body, "hash").empty();
    token.old_secret_ends = end_member(body, "oldEnds");
    if (token.attributes.limits()) {
        token.shared_rules = std::make_shared<const access::AttributeRules>(token.attributes);
    }
    return token;
}

SecretHashes hashes_of(const Object& object) {
    return {text_member(object.body, "hash"), text_member(object.body, "oldHash")};
}

Status check_settings(const TokenSettings& settings, const directory::Registry& registry) {
    constexpr std::size_t longest = 100;
    // An id is another way to name a client.
    if (!is_plain_text(settings.name, longest) || parse_uuid(settings.name)) {
        return fail(invalid(
            "invalid_name", "name",
            "A token's name is 1 to 100 bytes of text without control characters."
        ));
    }
    BASCULE_CHECK(check_scopes(settings.scopes, registry));
    for (const std::string& name : settings.certificates) {
        BASCULE_CHECK(check_certificate(name));
    }
    for (const std::string& subject : settings.subjects) {
        BASCULE_CHECK(check_subject(subject));
    }
    return {};
}

}  // namespace bascule::selfservice
