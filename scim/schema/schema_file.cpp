#include "scim/schema/schema_file.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/codec/strict_json.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;
using directory::EdgeKind;
using directory::ValueType;

tl::unexpected<Error> invalid(const std::string& place, const std::string& reason) {
    return fail(ErrorKind::invalid_input, "invalid_schema", place + ": " + reason);
}

template <class Value>
struct Word {
    std::string_view text;
    Value value;
};

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

/// Reads the members of one JSON object, each checked for its JSON type; remembers the first fault.
class ObjectReader {
  public:
    ObjectReader(const Json& object, std::string place)
        : object_(object), place_(std::move(place)) {}

    Status expect_only(std::initializer_list<std::string_view> known) const {
        if (!object_.is_object()) {
            return invalid(place_, "an object is needed here.");
        }
        for (const auto& [key, value] : object_.items()) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                return invalid(place_, "unknown keyword \"" + printable(key) + "\".");
            }
        }
        return {};
    }

    Status text(const char* key, std::string& out) const {
        const auto found = object_.find(key);
        if (found == object_.end()) {
            return {};
        }
        if (!found->is_string()) {
            return invalid(place_, std::string(key) + " must be a text.");
        }
        out = found->get<std::string>();
        return {};
    }

    Status flag(const char* key, bool& out) const {
        const auto found = object_.find(key);
        if (found == object_.end()) {
            return {};
        }
        if (!found->is_boolean()) {
            return invalid(place_, std::string(key) + " must be true or false.");
        }
        out = found->get<bool>();
        return {};
    }

    Status texts(const char* key, std::vector<std::string>& out) const {
        const auto found = object_.find(key);
        if (found == object_.end()) {
            return {};
        }
        const bool good =
            found->is_array() && std::all_of(found->begin(), found->end(), [](const Json& item) {
                return item.is_string();
            });
        if (!good) {
            return invalid(place_, std::string(key) + " must be a list of texts.");
        }
        out = found->get<std::vector<std::string>>();
        return {};
    }

    template <class Words, class Value>
    Status word(const char* key, const Words& words, Value& out) const {
        std::string given;
        BASCULE_CHECK(text(key, given));
        if (given.empty() && !object_.contains(key)) {
            return {};
        }
        for (const auto& word : words) {
            if (word.text == given) {
                out = word.value;
                return {};
            }
        }
        return invalid(
            place_, std::string(key) + " has the unknown value \"" + printable(given) + "\"."
        );
    }

    [[nodiscard]] const std::string& place() const { return place_; }

  private:
    const Json& object_;
    std::string place_;
};

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
            reader.place(), "\"" + printable(attribute.name) + "\" is no attribute name."
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

Result<Attribute> read_attribute(const Json& json, const std::string& parent, bool inside_complex) {
    const std::string name = json.is_object() && json.contains("name") && json["name"].is_string()
                                 ? printable(json["name"].get<std::string>())
                                 : std::string("an attribute");
    const ObjectReader reader(json, parent + ": " + name);
    BASCULE_CHECK(reader.expect_only(
        {"name", "type", "multiValued", "description", "required", "canonicalValues", "caseExact",
         "mutability", "returned", "uniqueness", "referenceTypes", "subAttributes", "bascule"}
    ));
    Attribute attribute;
    BASCULE_CHECK(read_keywords(reader, attribute));
    if (const auto found = json.find("subAttributes"); found != json.end() && !inside_complex) {
        BASCULE_TRY(attribute.sub_attributes, read_attributes(*found, reader.place(), true));
    }
    if (const auto found = json.find("bascule"); found != json.end()) {
        BASCULE_CHECK(read_annotations(*found, reader.place(), attribute));
    }
    BASCULE_CHECK(check_whole(attribute, reader.place(), inside_complex));
    return attribute;
}

Result<std::vector<Attribute>> read_attributes(
    const Json& list, const std::string& place, bool inside_complex
) {
    if (!list.is_array()) {
        return invalid(place, "attributes must be a list.");
    }
    std::vector<Attribute> attributes;
    for (const Json& item : list) {
        BASCULE_TRY(Attribute attribute, read_attribute(item, place, inside_complex));
        for (const Attribute& other : attributes) {
            if (equals_ignoring_ascii_case(other.name, attribute.name)) {
                return invalid(place, "the attribute " + attribute.name + " is defined twice.");
            }
        }
        attributes.push_back(std::move(attribute));
    }
    return attributes;
}

}  // namespace

Result<Schema> parse_schema(std::string_view text) {
    BASCULE_TRY(const Json json, parse_json(text));
    const ObjectReader reader(json, "schema");
    BASCULE_CHECK(reader.expect_only({"id", "name", "description", "attributes"}));
    Schema schema;
    BASCULE_CHECK(reader.text("id", schema.id));
    BASCULE_CHECK(reader.text("name", schema.name));
    BASCULE_CHECK(reader.text("description", schema.description));
    if (!to_ascii_lower(schema.id).starts_with("urn:") || schema.name.empty()) {
        return invalid("schema", "a schema needs an id that is a URN, and a name.");
    }
    const auto attributes = json.find("attributes");
    if (attributes == json.end() || attributes->empty()) {
        return invalid(schema.id, "a schema needs attributes.");
    }
    BASCULE_TRY(schema.attributes, read_attributes(*attributes, schema.id, false));
    for (const Attribute& attribute : schema.attributes) {
        if (common_schema().find(attribute.name) != nullptr) {
            return invalid(schema.id, "the name " + attribute.name + " belongs to every resource.");
        }
    }
    return schema;
}

Result<std::vector<ResourceTypeFile>> parse_resource_types(std::string_view text) {
    BASCULE_TRY(const Json json, parse_json(text));
    if (!json.is_array()) {
        return invalid("resource types", "a list is needed.");
    }
    std::vector<ResourceTypeFile> types;
    for (const Json& item : json) {
        const ObjectReader reader(item, "resource type");
        BASCULE_CHECK(
            reader.expect_only({"name", "endpoint", "description", "schema", "schemaExtensions"})
        );
        ResourceTypeFile type;
        BASCULE_CHECK(reader.text("name", type.name));
        BASCULE_CHECK(reader.text("endpoint", type.endpoint));
        BASCULE_CHECK(reader.text("description", type.description));
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
