#include "scim/codec/document.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/codec/values.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;

tl::unexpected<Error> failure(const char* code, std::string path, const std::string& reason) {
    std::string detail = path + " " + reason;
    return tl::unexpected<Error>(Error{
        ErrorKind::invalid_input, code, std::move(detail), std::move(path), {}, {}});
}

std::string notation(const Schema* extension, const Attribute& attribute) {
    return extension == nullptr ? attribute.name : extension->id + ":" + attribute.name;
}

/// Reads a document from outside or from the store into canonical parts.
class DocumentReader {
  public:
    DocumentReader(const SchemaRegistry& schemas, const ResourceType& type, Origin origin)
        : schemas_(schemas), type_(type), origin_(origin) {}

    Status read(const Json& json) {
        if (!json.is_object()) {
            return fail(
                ErrorKind::invalid_input, "invalid_syntax", "A resource must be a JSON object."
            );
        }
        BASCULE_CHECK(sort_members(json));
        BASCULE_CHECK(check_schemas());
        if (id_ != nullptr && origin_ == Origin::stored) {
            core_["id"] = *id_;
        }
        if (external_id_ != nullptr) {
            const Attribute& attribute = *common_schema().find("externalId");
            BASCULE_CHECK(read_attribute(nullptr, attribute, *external_id_, core_));
        }
        BASCULE_CHECK(read_attributes(nullptr, *type_.schema, core_given_, core_));
        return read_extensions();
    }

    [[nodiscard]] Status check_required() const {
        BASCULE_CHECK(check_required_of(nullptr, *type_.schema, core_));
        for (const auto& extension : type_.extensions) {
            const auto found = extensions_.find(extension.schema->id);
            if (found != extensions_.end()) {
                BASCULE_CHECK(check_required_of(extension.schema, *extension.schema, *found));
            } else if (extension.required && !has_edges(*extension.schema)) {
                return failure(
                    "invalid_value", extension.schema->id,
                    "is a required extension of this resource type."
                );
            }
        }
        return {};
    }

    [[nodiscard]] std::string body() const {
        std::string text;
        JsonWriter writer(text);
        writer.begin_object().key("schemas").begin_array().text(type_.schema->id);
        for (const auto& [urn, value] : extensions_.items()) {
            writer.text(urn);
        }
        writer.end_array();
        for (const Json* part : {&core_, &extensions_}) {
            for (const auto& [key, value] : part->items()) {
                writer.key(key);
                write_json(writer, value);
            }
        }
        writer.end_object();
        return text;
    }

    ResourceDraft take_draft() {
        ResourceDraft draft;
        draft.body = body();
        draft.edges = std::move(edges_);
        draft.password = std::move(password_);
        draft.cleared = std::move(cleared_);
        return draft;
    }

  private:
    /// The given value of each attribute of a schema, by its position there.
    using Given = std::vector<const Json*>;

    Status keep(const Json*& slot, const Json& value, std::string_view name) {
        if (slot != nullptr) {
            return fail(
                ErrorKind::invalid_input, "invalid_syntax",
                std::string(name) + " is given twice, in different spellings."
            );
        }
        slot = &value;
        return {};
    }

    Status sort_into(const Schema& schema, Given& given, std::string_view key, const Json& value) {
        given.resize(schema.attributes.size(), nullptr);
        if (const Attribute* attribute = schema.find(key)) {
            const auto index = static_cast<std::size_t>(attribute - schema.attributes.data());
            return keep(given[index], value, attribute->name);
        }
        return {};
    }

    // RFC 7643 section 2.1: names compare without case. Unknown ones are dropped.
    Status sort_members(const Json& json) {
        extensions_given_.resize(type_.extensions.size(), nullptr);
        for (const auto& [key, value] : json.items()) {
            const auto is = [&name = key](std::string_view wanted) {
                return equals_ignoring_ascii_case(name, wanted);
            };
            if (is("schemas")) {
                BASCULE_CHECK(keep(schemas_given_, value, "schemas"));
            } else if (is("id")) {
                BASCULE_CHECK(keep(id_, value, "id"));
            } else if (is("externalId")) {
                BASCULE_CHECK(keep(external_id_, value, "externalId"));
            } else {
                BASCULE_CHECK(sort_into(*type_.schema, core_given_, key, value));
                for (std::size_t i = 0; i < type_.extensions.size(); ++i) {
                    if (is(type_.extensions[i].schema->id)) {
                        BASCULE_CHECK(
                            keep(extensions_given_[i], value, type_.extensions[i].schema->id)
                        );
                    }
                }
            }
        }
        return {};
    }

    /// Lenient: a missing list is inferred and unknown URNs are dropped, but a list that names
    /// another resource type's schema and not ours is a resource sent to the wrong endpoint.
    [[nodiscard]] Status check_schemas() const {
        if (schemas_given_ == nullptr || is_unassigned(*schemas_given_)) {
            return {};
        }
        const Json list =
            schemas_given_->is_array() ? *schemas_given_ : Json::array({*schemas_given_});
        bool has_base = false;
        const ResourceType* other = nullptr;
        for (const Json& item : list) {
            if (!item.is_string()) {
                return failure("invalid_syntax", "schemas", "must be a list of URNs.");
            }
            const auto& urn = item.get_ref<const std::string&>();
            has_base |= equals_ignoring_ascii_case(urn, type_.schema->id);
            for (const auto& type : schemas_.types()) {
                other = equals_ignoring_ascii_case(urn, type->schema->id) ? type.get() : other;
            }
        }
        if (!has_base && other != nullptr) {
            return failure(
                "invalid_value", "schemas",
                "names " + other->schema->id + ", but this is a " + type_.name + ": send it to " +
                    other->endpoint + ", or name " + type_.schema->id + "."
            );
        }
        return {};
    }

    Status read_attributes(
        const Schema* extension, const Schema& schema, const Given& given, Json& out
    ) {
        for (std::size_t i = 0; i < given.size(); ++i) {
            if (given[i] != nullptr) {
                BASCULE_CHECK(read_attribute(extension, schema.attributes[i], *given[i], out));
            }
        }
        return {};
    }

    Status read_attribute(
        const Schema* extension, const Attribute& attribute, const Json& json, Json& out
    ) {
        const bool from_client = origin_ == Origin::client;
        if (attribute.derived || (from_client && attribute.mutability == Mutability::read_only)) {
            return {};
        }
        const std::string path = notation(extension, attribute);
        if (attribute.edge) {
            return from_client ? read_edges(attribute, json, path) : Status();
        }
        if (attribute.is_password()) {
            return from_client ? read_password(json, path) : Status();
        }
        BASCULE_TRY(Json value, canonical_value(attribute, json, origin_, path));
        if (attribute.mutability == Mutability::write_only) {
            return {};  // checked, and kept nowhere: nobody could ever read it
        }
        if (!value.is_null()) {
            out.emplace(attribute.name, std::move(value));
        } else if (from_client) {
            cleared_.push_back(path);
        }
        return {};
    }

    Status read_edges(const Attribute& attribute, const Json& json, const std::string& path) {
        BASCULE_TRY(edges_[*attribute.edge], edge_targets(attribute, json, path));
        return {};
    }

    Status read_password(const Json& json, const std::string& path) {
        if (is_unassigned(json)) {
            return {};
        }
        if (!json.is_string()) {
            return failure("invalid_value", path, "must be a JSON string.");
        }
        password_ = Secret(json.get<std::string>());
        return {};
    }

    Status read_extensions() {
        for (std::size_t i = 0; i < type_.extensions.size(); ++i) {
            const Schema& schema = *type_.extensions[i].schema;
            const Json* given = extensions_given_[i];
            if (given == nullptr || is_unassigned(*given)) {
                continue;
            }
            if (!given->is_object()) {
                return failure("invalid_value", schema.id, "must be a JSON object.");
            }
            Given members;
            for (const auto& [key, value] : given->items()) {
                BASCULE_CHECK(sort_into(schema, members, key, value));
            }
            Json out = Json::object();
            BASCULE_CHECK(read_attributes(&schema, schema, members, out));
            if (!out.empty()) {
                extensions_.emplace(schema.id, std::move(out));
            }
        }
        return {};
    }

    /// An extension may consist of references alone, which are not in the document.
    [[nodiscard]] bool has_edges(const Schema& schema) const {
        return std::any_of(
            schema.attributes.begin(), schema.attributes.end(),
            [&](const Attribute& attribute) {
                return attribute.edge &&
                       (origin_ == Origin::stored ? attribute.required
                                                  : edges_.contains(*attribute.edge));
            }
        );
    }

    static Status check_required_of(
        const Schema* extension, const Schema& schema, const Json& values
    ) {
        for (const Attribute& attribute : schema.attributes) {
            const bool stored = !attribute.edge && !attribute.derived &&
                                attribute.mutability != Mutability::read_only &&
                                attribute.mutability != Mutability::write_only;
            if (attribute.required && stored && !values.contains(attribute.name)) {
                return failure("invalid_value", notation(extension, attribute), "is required.");
            }
        }
        return {};
    }

    const SchemaRegistry& schemas_;
    const ResourceType& type_;
    Origin origin_;
    const Json* schemas_given_ = nullptr;
    const Json* id_ = nullptr;
    const Json* external_id_ = nullptr;
    Given core_given_;
    Given extensions_given_;
    Json core_ = Json::object();
    Json extensions_ = Json::object();
    std::map<directory::EdgeKind, std::vector<std::string>> edges_;
    std::optional<Secret> password_;
    std::vector<std::string> cleared_;
};

}  // namespace

Result<ResourceDraft> decode_resource(
    const Json& json, const SchemaRegistry& schemas, const ResourceType& type, DraftPurpose purpose
) {
    DocumentReader reader(schemas, type, Origin::client);
    BASCULE_CHECK(reader.read(json));
    if (purpose == DraftPurpose::create) {
        BASCULE_CHECK(reader.check_required());
    }
    return reader.take_draft();
}

Result<std::string> canonical_body(
    const Json& json, const SchemaRegistry& schemas, const ResourceType& type
) {
    DocumentReader reader(schemas, type, Origin::stored);
    BASCULE_CHECK(reader.read(json));
    BASCULE_CHECK(reader.check_required());
    return reader.body();
}

}  // namespace bascule::scim
