#include "scim/schema/schema_file.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/codec/strict_json.hpp"
#include "scim/schema/object_reader.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;
using directory::EdgeKind;
using directory::ValueType;

constexpr std::array value_types = {Word<ValueType>{"string", ValueType::text},
                                    Word<ValueType>{"boolean", ValueType::boolean},
                                    Word<ValueType>{"integer", ValueType::integer},
                                    Word<ValueType>{"decimal", ValueType::decimal},
                                    Word<ValueType>{"dateTime", ValueType::date_time},
                                    Word<ValueType>{"binary", ValueType::binary},
                                    Word<ValueType>{"reference", ValueType::reference},
                                    Word<ValueType>{"complex", ValueType::complex}};
constexpr std::array mutabilities = {
    Word<Mutability>{"readWrite", Mutability::read_write},
    Word<Mutability>{"readOnly", Mutability::read_only},
    Word<Mutability>{"writeOnly", Mutability::write_only},
    Word<Mutability>{"immutable", Mutability::immutable}};
constexpr std::array returned_words = {
    Word<Returned>{"default", Returned::by_default}, Word<Returned>{"always", Returned::always},
    Word<Returned>{"never", Returned::never}, Word<Returned>{"request", Returned::on_request}};
constexpr std::array uniqueness_words = {
    Word<Uniqueness>{"none", Uniqueness::none}, Word<Uniqueness>{"server", Uniqueness::server},
    Word<Uniqueness>{"global", Uniqueness::global}};
constexpr std::array edge_kinds = {
    Word<EdgeKind>{"member", EdgeKind::member}, Word<EdgeKind>{"manager", EdgeKind::manager},
    Word<EdgeKind>{"unit_member", EdgeKind::unit_member}};

/// ATTRNAME of RFC 7643 section 2.1, plus the leading $ that "$ref" has (erratum 8924).
bool is_attribute_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (name.starts_with('$')) {
        name.remove_prefix(1);
    }
    return !name.empty() && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
}

Result<std::vector<Attribute>> read_attributes(
    const Json& list, const std::string& place, bool inside_complex
);

Status read_annotations(const Json& annotations, const std::string& place, Attribute& attribute) {
    const ObjectReader reader(annotations, place);
    BASCULE_CHECK(reader.expect_only({"edge", "searchable", "derived"}));
    if (annotations.contains("edge")) {
        EdgeKind kind{};
        BASCULE_CHECK(reader.word("edge", edge_kinds, kind));
        attribute.edge = kind;
    }
    BASCULE_CHECK(reader.flag("searchable", attribute.searchable));
    return reader.flag("derived", attribute.derived);
}

Status read_keywords(const ObjectReader& reader, Attribute& attribute) {
    BASCULE_CHECK(reader.text("name", attribute.name));
    if (!is_attribute_name(attribute.name)) {
        return invalid(
            below(reader.place(), "name"),
            "expected the name of an attribute: a letter, then letters, digits, - or _; found \"" +
                printable(attribute.name, 60) + "\"."
        );
    }
    BASCULE_CHECK(reader.word("type", value_types, attribute.type));
    BASCULE_CHECK(reader.flag("multiValued", attribute.multi_valued));
    BASCULE_CHECK(reader.text("description", attribute.description));
    BASCULE_CHECK(reader.flag("required", attribute.required));
    BASCULE_CHECK(reader.texts("canonicalValues", attribute.canonical_values));
    BASCULE_CHECK(reader.flag("caseExact", attribute.case_exact));
    BASCULE_CHECK(reader.word("mutability", mutabilities, attribute.mutability));
    BASCULE_CHECK(reader.word("returned", returned_words, attribute.returned));
    BASCULE_CHECK(reader.word("uniqueness", uniqueness_words, attribute.uniqueness));
    return reader.texts("referenceTypes", attribute.reference_types);
}

/// What no single keyword can say.
Status check_whole(const Attribute& attribute, const std::string& place, bool inside_complex) {
    const bool is_complex = attribute.type == ValueType::complex;
    if (is_complex && inside_complex) {
        return invalid(place, "a sub-attribute cannot be complex (RFC 7643, erratum 8415).");
    }
    if (is_complex == attribute.sub_attributes.empty()) {
        return invalid(place, "complex attributes, and only they, have sub-attributes.");
    }
    if (is_complex && attribute.uniqueness != Uniqueness::none) {
        return invalid(place, "a complex attribute has no uniqueness (RFC 7643, erratum 6004).");
    }
    if ((attribute.edge || attribute.derived) &&
        (inside_complex || attribute.sub("value") == nullptr)) {
        return invalid(
            place, "an attribute kept as edges must be complex and have a value sub-attribute."
        );
    }
    return {};
}

Result<Attribute> read_attribute(const Json& json, const std::string& place, bool inside_complex) {
    const ObjectReader reader(json, place);
    BASCULE_CHECK(reader.expect_only(
        {"name", "type", "multiValued", "description", "required", "canonicalValues", "caseExact",
         "mutability", "returned", "uniqueness", "referenceTypes", "subAttributes", "bascule"}
    ));
    Attribute attribute;
    BASCULE_CHECK(read_keywords(reader, attribute));
    if (const auto found = json.find("subAttributes"); found != json.end() && !inside_complex) {
        BASCULE_TRY(
            attribute.sub_attributes, read_attributes(*found, below(place, "subAttributes"), true)
        );
    }
    if (const auto found = json.find("bascule"); found != json.end()) {
        BASCULE_CHECK(read_annotations(*found, below(place, "bascule"), attribute));
    }
    BASCULE_CHECK(check_whole(attribute, reader.place(), inside_complex));
    return attribute;
}

Result<std::vector<Attribute>> read_attributes(
    const Json& list, const std::string& place, bool inside_complex
) {
    if (!list.is_array()) {
        return invalid(place, "expected a list of attributes.");
    }
    std::vector<Attribute> attributes;
    for (std::size_t i = 0; i < list.size(); ++i) {
        BASCULE_TRY(
            Attribute attribute, read_attribute(list[i], element(place, i), inside_complex)
        );
        for (const Attribute& other : attributes) {
            if (equals_ignoring_ascii_case(other.name, attribute.name)) {
                return invalid(
                    element(place, i), "the attribute " + attribute.name + " is defined twice."
                );
            }
        }
        attributes.push_back(std::move(attribute));
    }
    return attributes;
}

Result<Schema> read_schema(const Json& json, const std::string& place) {
    const ObjectReader reader(json, place);
    BASCULE_CHECK(reader.expect_only({"id", "name", "description", "attributes", "schemas", "meta"})
    );
    Schema schema;
    BASCULE_CHECK(reader.text("id", schema.id));
    BASCULE_CHECK(reader.text("name", schema.name));
    BASCULE_CHECK(reader.text("description", schema.description));
    if (!to_ascii_lower(schema.id).starts_with("urn:")) {
        return invalid(below(place, "id"), "expected the URN of the schema.");
    }
    if (schema.name.empty()) {
        return invalid(below(place, "name"), "expected the name of the schema.");
    }
    const std::string list = below(place, "attributes");
    const auto attributes = json.find("attributes");
    if (attributes == json.end() || attributes->empty()) {
        return invalid(list, "a schema needs attributes.");
    }
    BASCULE_TRY(schema.attributes, read_attributes(*attributes, list, false));
    for (std::size_t i = 0; i < schema.attributes.size(); ++i) {
        const std::string& name = schema.attributes[i].name;
        if (common_schema().find(name) != nullptr) {
            return invalid(
                below(element(list, i), "name"), "the name " + name + " belongs to every resource."
            );
        }
    }
    return schema;
}

/// RFC 8141, without what would need escaping in JSON or in a path.
bool is_urn(std::string_view text) {
    constexpr std::string_view others = "()+,-.:=@;$_!*'/~";
    const std::string lower = to_ascii_lower(text);
    return text.size() <= 255 && std::count(text.begin(), text.end(), ':') >= 2 &&
           !text.ends_with(':') && std::all_of(lower.begin(), lower.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      others.find(c) != std::string_view::npos;
           });
}

/// The rules for an operator's attribute; finishes what follows from its other keywords.
Status finish_own(Attribute& attribute, const Json& json, const std::string& place) {
    if (attribute.edge || attribute.derived) {
        return invalid(
            below(place, "bascule"),
            "edge and derived belong to the built-in schemas; a complex attribute with value and "
            "$ref is kept as a reference by itself."
        );
    }
    attribute.own = true;
    if (attribute.mutability == Mutability::write_only) {
        if (json.contains("returned") && attribute.returned != Returned::never) {
            return invalid(
                below(place, "returned"),
                "what is writeOnly is never returned (RFC 7643 section 7)."
            );
        }
        attribute.returned = Returned::never;
    }
    const bool can_be_searched = attribute.searchable && attribute.returned != Returned::never;
    if (attribute.uniqueness != Uniqueness::none && !can_be_searched) {
        return invalid(
            below(place, "uniqueness"),
            "only what can be searched can be unique: not what is never returned, writeOnly or "
            "marked as not searchable."
        );
    }
    for (std::size_t i = 0; i < attribute.sub_attributes.size(); ++i) {
        Attribute& sub = attribute.sub_attributes[i];
        const std::string sub_place = element(below(place, "subAttributes"), i);
        const bool is_hidden = attribute.returned == Returned::never || !attribute.searchable;
        if (sub.uniqueness != Uniqueness::none && is_hidden) {
            return invalid(below(sub_place, "uniqueness"), "its attribute cannot be searched.");
        }
        BASCULE_CHECK(finish_own(sub, json["subAttributes"][i], sub_place));
    }
    return {};
}

Result<Schema> read_own_schema(const Json& json, const std::string& place) {
    BASCULE_TRY(Schema schema, read_schema(json, place));
    if (!is_urn(schema.id)) {
        return invalid(
            below(place, "id"),
            "expected a URN such as urn:example:params:scim:schemas:core:2.0:Badge, found \"" +
                printable(schema.id, 80) + "\"."
        );
    }
    if (to_ascii_lower(schema.id).starts_with("urn:ietf:params:scim:api:")) {
        return invalid(below(place, "id"), "URNs of messages are not for schemas.");
    }
    for (std::size_t i = 0; i < schema.attributes.size(); ++i) {
        BASCULE_CHECK(finish_own(
            schema.attributes[i], json["attributes"][i], element(below(place, "attributes"), i)
        ));
    }
    return schema;
}

}  // namespace

Result<Schema> parse_schema(std::string_view text) {
    BASCULE_TRY(const Json json, parse_json(text));
    return read_schema(json, {});
}

Result<std::vector<Schema>> parse_own_schemas(std::string_view text) {
    BASCULE_TRY(const Json json, parse_json(text));
    const bool is_answer = json.is_object() && json.contains("Resources");
    const Json& list = is_answer ? json["Resources"] : json;
    std::vector<Schema> schemas;
    if (!list.is_array()) {
        if (is_answer) {
            return invalid("Resources", "expected a list of schemas.");
        }
        BASCULE_TRY(Schema schema, read_own_schema(list, {}));
        schemas.push_back(std::move(schema));
        return schemas;
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        BASCULE_TRY(
            Schema schema, read_own_schema(list[i], element(is_answer ? "Resources" : "", i))
        );
        schemas.push_back(std::move(schema));
    }
    return schemas;
}

Result<std::vector<ResourceTypeFile>> parse_resource_types(std::string_view text) {
    BASCULE_TRY(const Json json, parse_json(text));
    if (!json.is_array()) {
        return invalid("resource types", "a list is needed.");
    }
    std::vector<ResourceTypeFile> types;
    for (const Json& item : json) {
        const ObjectReader reader(item, "resource type");
        BASCULE_CHECK(reader.expect_only(
            {"name", "endpoint", "description", "scope", "schema", "schemaExtensions"}
        ));
        ResourceTypeFile type;
        BASCULE_CHECK(reader.text("name", type.name));
        BASCULE_CHECK(reader.text("endpoint", type.endpoint));
        BASCULE_CHECK(reader.text("description", type.description));
        BASCULE_CHECK(reader.text("scope", type.scope));
        BASCULE_CHECK(reader.text("schema", type.schema));
        if (type.name.empty() || !type.endpoint.starts_with('/')) {
            return invalid(
                "resource type", "a name and an endpoint that starts with / are needed."
            );
        }
        const auto extensions = item.find("schemaExtensions");
        for (const Json& extension : extensions == item.end() ? Json::array() : *extensions) {
            const ObjectReader inner(extension, type.name);
            BASCULE_CHECK(inner.expect_only({"schema", "required"}));
            auto& added = type.extensions.emplace_back();
            BASCULE_CHECK(inner.text("schema", added.schema));
            BASCULE_CHECK(inner.flag("required", added.required));
        }
        types.push_back(std::move(type));
    }
    return types;
}

}  // namespace bascule::scim
