#include "scim/service/discovery.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "scim/events/event_uris.hpp"
#include "scim/profile/interop_profile.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {
namespace {

using directory::ValueType;

constexpr std::string_view config_urn =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
constexpr std::string_view type_urn = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
constexpr std::string_view schema_urn = "urn:ietf:params:scim:schemas:core:2.0:Schema";
constexpr std::string_view list_urn = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

std::string_view word(ValueType type) {
    switch (type) {
        case ValueType::text:
            return "string";
        case ValueType::boolean:
            return "boolean";
        case ValueType::integer:
            return "integer";
        case ValueType::decimal:
            return "decimal";
        case ValueType::date_time:
            return "dateTime";
        case ValueType::binary:
            return "binary";
        case ValueType::reference:
            return "reference";
        case ValueType::complex:
            return "complex";
    }
    return "string";
}

std::string_view word(Mutability mutability) {
    switch (mutability) {
        case Mutability::read_write:
            return "readWrite";
        case Mutability::read_only:
            return "readOnly";
        case Mutability::write_only:
            return "writeOnly";
        case Mutability::immutable:
            return "immutable";
    }
    return "readWrite";
}

std::string_view word(Returned returned) {
    switch (returned) {
        case Returned::by_default:
            return "default";
        case Returned::always:
            return "always";
        case Returned::never:
            return "never";
        case Returned::on_request:
            return "request";
    }
    return "default";
}

std::string_view word(Uniqueness uniqueness) {
    switch (uniqueness) {
        case Uniqueness::none:
            return "none";
        case Uniqueness::server:
            return "server";
        case Uniqueness::global:
            return "global";
    }
    return "none";
}

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& values) {
    json.key(key).begin_array();
    for (const std::string& value : values) {
        json.text(value);
    }
    json.end_array();
}

void write_schemas_member(JsonWriter& json, std::string_view urn) {
    json.key("schemas").begin_array().text(urn).end_array();
}

void write_meta(JsonWriter& json, std::string_view type, const std::string& location) {
    json.key("meta").begin_object();
    json.field("resourceType", type).field("location", location).end_object();
}

void write_attribute(JsonWriter& json, const Attribute& attribute) {
    json.begin_object();
    json.field("name", attribute.name).field("type", word(attribute.type));
    json.key("multiValued").boolean(attribute.multi_valued);
    json.field("description", attribute.description);
    json.key("required").boolean(attribute.required);
    if (!attribute.canonical_values.empty()) {
        write_texts(json, "canonicalValues", attribute.canonical_values);
    }
    if (attribute.type != ValueType::complex) {
        json.key("caseExact").boolean(attribute.case_exact);
    }
    json.field("mutability", word(attribute.mutability))
        .field("returned", word(attribute.returned));
    if (attribute.type != ValueType::complex) {
        json.field("uniqueness", word(attribute.uniqueness));
    }
    if (!attribute.reference_types.empty()) {
        write_texts(json, "referenceTypes", attribute.reference_types);
    }
    if (attribute.type == ValueType::complex) {
        json.key("subAttributes").begin_array();
        for (const Attribute& sub : attribute.sub_attributes) {
            write_attribute(json, sub);
        }
        json.end_array();
    }
    json.end_object();
}

std::string schema_text(const Schema& schema, std::string_view base_url) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write_schemas_member(json, schema_urn);
    json.field("id", schema.id).field("name", schema.name).field("description", schema.description);
    json.key("attributes").begin_array();
    for (const Attribute& attribute : schema.attributes) {
        write_attribute(json, attribute);
    }
    json.end_array();
    write_meta(json, "Schema", std::string(base_url) + "/Schemas/" + schema.id);
    json.end_object();
    return text;
}

std::string type_text(const ResourceType& type, std::string_view base_url) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write_schemas_member(json, type_urn);
    json.field("id", type.name).field("name", type.name).field("endpoint", type.endpoint);
    json.field("description", type.description).field("schema", type.schema->id);
    json.key("schemaExtensions").begin_array();
    for (const ResourceType::Extension& extension : type.extensions) {
        json.begin_object().field("schema", extension.schema->id);
        json.key("required").boolean(extension.required).end_object();
    }
    json.end_array();
    write_meta(json, "ResourceType", std::string(base_url) + "/ResourceTypes/" + type.name);
    json.end_object();
    return text;
}

std::string list_text(const std::vector<std::string>& resources) {
    std::string text;
    JsonWriter json(text);
    const auto count = static_cast<std::int64_t>(resources.size());
    json.begin_object();
    write_schemas_member(json, list_urn);
    json.key("totalResults").number(count).key("startIndex").number(1);
    json.key("itemsPerPage").number(count).key("Resources").begin_array();
    for (const std::string& resource : resources) {
        json.raw(resource);
    }
    json.end_array().end_object();
    return text;
}

void write_supported(JsonWriter& json, std::string_view feature, bool supported) {
    json.key(feature).begin_object().key("supported").boolean(supported).end_object();
}

void write_limits(JsonWriter& json, const ServiceOptions& options) {
    // Some clients take bulk.maxOperations as the size of a PATCH too, which takes more than this.
    json.key("bulk").begin_object().key("supported").boolean(true);
    json.key("maxOperations").number(static_cast<std::int64_t>(options.bulk.max_operations));
    json.key("maxPayloadSize").number(static_cast<std::int64_t>(options.bulk.max_payload));
    json.end_object();
    json.key("filter").begin_object().key("supported").boolean(true);
    json.key("maxResults").number(static_cast<std::int64_t>(options.max_results)).end_object();
    json.key("pagination").begin_object().key("cursor").boolean(true).key("index").boolean(true);
    json.field("defaultPaginationMethod", "index");
    json.key("defaultPageSize").number(static_cast<std::int64_t>(options.default_page_size));
    json.key("maxPageSize").number(static_cast<std::int64_t>(options.max_results));
    json.key("cursorTimeout").number(options.cursor_timeout.count()).end_object();
}

void write_events(JsonWriter& json, const Engine& engine) {
    const bool served = engine.with.asynchronous != nullptr;
    json.key("securityEvents").begin_object().field("asyncRequest", served ? "request" : "none");
    json.key("eventUris").begin_array();
    if (served) {
        for (const std::string_view uri : events::uri::all) {
            json.text(uri);
        }
    }
    json.end_array().end_object();
}

struct AuthenticationScheme {
    const char* type;
    const char* name;
    const char* description;
    const char* specification;
};

/// RFC 7643 section 5 knows no word for certificates; clients that have them know it.
constexpr std::array authentication_schemes{
    AuthenticationScheme{
        "oauthbearertoken", "Bearer token",
        "A client's secret, an access token or a token of a configured issuer in the Authorization "
        "header (RFC 6750).",
        "https://www.rfc-editor.org/rfc/rfc6750"},
    AuthenticationScheme{
        "oauth2", "OAuth 2.0 client credentials",
        "Access tokens from /oauth2/token (RFC 6749 section 4.4).",
        "https://www.rfc-editor.org/rfc/rfc6749"},
};

void write_authentication_schemes(JsonWriter& json) {
    json.key("authenticationSchemes").begin_array();
    bool is_first = true;
    for (const AuthenticationScheme& scheme : authentication_schemes) {
        json.begin_object().field("type", scheme.type).field("name", scheme.name);
        json.field("description", scheme.description).field("specUri", scheme.specification);
        json.key("primary").boolean(std::exchange(is_first, false)).end_object();
    }
    json.end_array();
}

std::string config_text(const Engine& engine, bool follows_interop) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write_schemas_member(json, config_urn);
    write_supported(json, "patch", true);
    write_limits(json, engine.with.options);
    write_supported(json, "changePassword", engine.with.credentials != nullptr);
    write_supported(json, "sort", true);
    write_supported(json, "etag", true);
    write_events(json, engine);
    write_authentication_schemes(json);
    if (follows_interop) {
        json.key("interopProfileConformant").boolean(true);
    }
    write_meta(
        json, "ServiceProviderConfig", std::string(engine.base_url()) + "/ServiceProviderConfig"
    );
    json.end_object();
    return text;
}

}  // namespace

void write_discovery(Engine& engine) {
    engine.provider_config = config_text(engine, false);
    std::vector<std::string> texts;
    for (const TypeView& view : engine.views) {
        texts.push_back(type_text(*view.type, engine.base_url()));
        engine.resource_type_by_name.emplace(view.type->name, texts.back());
    }
    engine.resource_types = list_text(texts);
    texts.clear();
    for (const auto& schema : engine.with.schemas.schemas()) {
        texts.push_back(schema_text(*schema, engine.base_url()));
        engine.schema_by_urn.emplace(to_ascii_lower(schema->id), texts.back());
    }
    engine.schemas = list_text(texts);
}

std::string provider_config_for(const Engine& engine, const ClientProfile& profile) {
    const ServiceOptions& options = engine.with.options;
    const bool follows_interop = follows_interop_profile(profile) &&
                                 options.default_page_size >= interop_page &&
                                 options.max_results >= interop_page;
    return follows_interop ? config_text(engine, true) : engine.provider_config;
}

}  // namespace bascule::scim
