#include "scim/schema/own_schemas.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/schema/schema_file.hpp"

namespace bascule::scim {

using directory::EdgeKind;
using directory::ValueType;

namespace {

/// Endpoints and scopes that mean something else.
constexpr std::array<std::string_view, 8> taken_endpoints{
    "/me",      "/bulk",   "/schemas", "/resourcetypes", "/serviceproviderconfig",
    "/.search", "/events", "/admin"};
/// Types of the product itself that are no resource types.
constexpr std::array<std::string_view, 6> taken_names{"Unmapped",   "Token",          "Session",
                                                      "Credential", "IdempotencyKey", "Client"};

template <class Words>
bool contains(const Words& words, std::string_view wanted) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return equals_ignoring_ascii_case(word, wanted);
    });
}

bool is_word(std::string_view text, std::string_view others) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && text.size() <= 64 && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') ||
                      others.find(c) != std::string_view::npos;
           });
}

/// A reference to objects that has nothing to say but which one: it needs no place in a document.
bool is_plain_reference(const Attribute& attribute) {
    constexpr std::array<std::string_view, 5> parts{
        "value", "$ref", "display", "displayName", "type"};
    const Attribute* value = attribute.sub("value");
    const Attribute* reference = attribute.sub("$ref");
    return value != nullptr && value->type == ValueType::text && !value->multi_valued &&
           reference != nullptr && reference->type == ValueType::reference &&
           !reference->reference_types.empty() &&
           std::all_of(
               attribute.sub_attributes.begin(), attribute.sub_attributes.end(),
               [&](const Attribute& sub) { return contains(parts, sub.name); }
           );
}

bool names_no_type(std::string_view reference_type) {
    return reference_type == "external" || reference_type == "uri";
}

std::string with_place(const Error& error) {
    // parse_own_schemas() puts the place before the reason.
    const std::string lead = error.field + ": ";
    return !error.field.empty() && error.detail.starts_with(lead) ? error.detail.substr(lead.size())
                                                                  : error.detail;
}

}  // namespace

/// Puts an operator's part beside the built-in one and collects what is wrong.
class OwnSchemaLoader {
  public:
    OwnSchemaLoader(SchemaRegistry& registry, std::vector<SchemaFault>& faults)
        : registry_(registry), faults_(faults) {}

    void load(const OwnSchemas& own) {
        for (const OwnSchemas::File& file : own.files) {
            add_file(file);
        }
        all_files_read_ = faults_.empty();
        const std::size_t builtin = registry_.types_.size();
        for (std::size_t i = 0; i < own.types.size(); ++i) {
            add_type(own.types[i], "scim.resource_types[" + std::to_string(i) + "]");
        }
        for (const OwnSchemas::Extension& extension : own.extensions) {
            extend(extension, builtin);
        }
        // With a type missing, every reference to it would be a fault of its own.
        if (faults_.empty()) {
            for (const Own& one : own_) {
                finish(one);
            }
        }
    }

  private:
    struct Own {
        Schema* schema = nullptr;
        std::string file;
        std::string place;  ///< "" or "Resources[3]"
    };

    void fault(std::string file, std::string place, std::string detail) {
        faults_.push_back({std::move(file), std::move(place), std::move(detail)});
    }

    void add_file(const OwnSchemas::File& file) {
        auto schemas = parse_own_schemas(file.text);
        if (!schemas) {
            fault(file.name, schemas.error().field, with_place(schemas.error()));
            return;
        }
        for (Schema& schema : *schemas) {
            if (registry_.find_schema(schema.id) != nullptr) {
                fault(
                    file.name, "id",
                    "the schema " + schema.id + " is there already; a schema has one definition."
                );
                continue;
            }
            registry_.schemas_.push_back(std::make_unique<Schema>(std::move(schema)));
            own_.push_back({registry_.schemas_.back().get(), file.name, {}});
        }
    }

    /// The built-in ones are left to their own types: what is done with members and managers counts
    /// on it.
    [[nodiscard]] bool has_schema(const std::string& urn, const std::string& place) {
        if (const Schema* schema = registry_.find_schema(urn)) {
            const bool is_own = std::any_of(own_.begin(), own_.end(), [&](const Own& one) {
                return one.schema == schema;
            });
            if (!is_own) {
                fault({}, place, "the schema " + schema->id + " belongs to a built-in type.");
            }
            return is_own;
        }
        // It may stand in a file that has a fault of its own.
        if (!all_files_read_) {
            return false;
        }
        std::vector<std::string> known;
        for (const Own& one : own_) {
            known.push_back(one.schema->id);
        }
        const std::string near = nearest(urn, known);
        fault(
            {}, place,
            "no file under scim.schemas defines the schema " + printable(urn, 120) +
                (near.empty() ? "." : "; did you mean " + near + "?")
        );
        return false;
    }

    void add_type(const ResourceTypeFile& file, const std::string& place) {
        const std::string_view path =
            file.endpoint.empty() ? "" : std::string_view(file.endpoint).substr(1);
        const std::string scope = to_ascii_lower(path);
        const auto before = faults_.size();
        if (!is_word(file.name, "")) {
            fault({}, place + ".name", "expected a name of letters and digits, such as Badge.");
        } else if (contains(taken_names, file.name) || registry_.find_by_name(file.name) != nullptr) {
            fault({}, place + ".name", "there is a type with the name " + file.name + " already.");
        }
        if (!file.endpoint.starts_with('/') || !is_word(path, "-_")) {
            fault({}, place + ".endpoint", "expected a path of one word, such as /Badges.");
        } else if (contains(taken_endpoints, file.endpoint) || has_scope(scope)) {
            fault({}, place + ".endpoint", "the endpoint " + file.endpoint + " is taken.");
        }
        bool known = has_schema(file.schema, place + ".schema");
        std::set<std::string> used{to_ascii_lower(file.schema)};
        for (std::size_t i = 0; i < file.extensions.size(); ++i) {
            const std::string at = place + ".extensions[" + std::to_string(i) + "]";
            known = has_schema(file.extensions[i].schema, at) && known;
            if (!used.insert(to_ascii_lower(file.extensions[i].schema)).second) {
                fault({}, at, "this schema is part of the type already.");
            }
        }
        if (!known || faults_.size() != before) {
            return;
        }
        ResourceTypeFile type = file;
        type.scope = scope;
        if (type.description.empty()) {
            type.description = registry_.find_schema(file.schema)->description;
        }
        if (const Status added = registry_.add_type(type); !added) {
            fault({}, place, added.error().detail);
        }
    }

    /// Of a type, or of the product itself.
    [[nodiscard]] bool has_scope(const std::string& scope) const {
        constexpr std::array<std::string_view, 2> reserved{"events", "privileges"};
        return contains(reserved, scope) ||
               std::any_of(registry_.types_.begin(), registry_.types_.end(), [&](const auto& type) {
                   return type->scope == scope || to_ascii_lower(type->endpoint) == "/" + scope;
               });
    }

    void extend(const OwnSchemas::Extension& extension, std::size_t builtin) {
        const auto found =
            std::find_if(registry_.types_.begin(), registry_.types_.end(), [&](const auto& type) {
                return type->name == extension.type;
            });
        if (found == registry_.types_.end()) {
            std::vector<std::string> known;
            for (std::size_t i = 0; i < builtin; ++i) {
                known.push_back(registry_.types_[i]->name);
            }
            const std::string near = nearest(extension.type, known);
            fault(
                {}, extension.place,
                "there is no resource type " + printable(extension.type, 60) +
                    (near.empty() ? "." : "; did you mean " + near + "?")
            );
            return;
        }
        if (!has_schema(extension.schema, extension.place)) {
            return;
        }
        ResourceType& type = **found;
        const Schema* schema = registry_.find_schema(extension.schema);
        const bool there =
            type.schema == schema ||
            std::any_of(type.extensions.begin(), type.extensions.end(), [&](const auto& other) {
                return other.schema == schema;
            });
        if (there) {
            fault({}, extension.place, "this schema is part of " + type.name + " already.");
            return;
        }
        type.extensions.push_back({schema, extension.required});
    }

    /// What can be said only when every type is known.
    void finish(const Own& own) {
        bool used = false;
        for (const auto& type : registry_.types_) {
            used = used || type->schema == own.schema ||
                   std::any_of(
                       type->extensions.begin(), type->extensions.end(),
                       [&](const auto& extension) { return extension.schema == own.schema; }
                   );
        }
        if (!used) {
            fault(
                own.file, "id",
                "no resource type has the schema " + own.schema->id +
                    "; name it under scim.resource_types or scim.extensions."
            );
        }
        auto& attributes = own.schema->attributes;
        for (std::size_t i = 0; i < attributes.size(); ++i) {
            finish(own, attributes[i], "attributes[" + std::to_string(i) + "]");
        }
        for (const auto& type : registry_.types_) {
            registry_.note_hidden(*type);
        }
    }

    void finish(const Own& own, Attribute& attribute, const std::string& place) {
        check_reference_types(own, attribute, place);
        for (std::size_t i = 0; i < attribute.sub_attributes.size(); ++i) {
            check_reference_types(
                own, attribute.sub_attributes[i],
                place + ".subAttributes[" + std::to_string(i) + "]"
            );
        }
        if (!is_plain_reference(attribute) ||
            contains_external(attribute.sub("$ref")->reference_types)) {
            return;
        }
        if (attribute.mutability == Mutability::write_only ||
            attribute.sub("value")->uniqueness != Uniqueness::none) {
            fault(own.file, place, "a reference to objects can be neither writeOnly nor unique.");
            return;
        }
        const std::string path = own.schema->id + ":" + attribute.name;
        attribute.edge = directory::own_edge_kind(path);
        const auto [other, is_first] = kinds_.emplace(*attribute.edge, path);
        if (!is_first) {
            fault(
                own.file, place,
                "this reference cannot be told from " + other->second + "; give it another name."
            );
        }
    }

    static bool contains_external(const std::vector<std::string>& types) {
        return std::any_of(types.begin(), types.end(), names_no_type);
    }

    void check_reference_types(
        const Own& own, const Attribute& attribute, const std::string& place
    ) {
        for (const std::string& type : attribute.reference_types) {
            const ResourceType* known = registry_.find_by_name(type);
            if (!names_no_type(type) && (known == nullptr || known->name != type)) {
                fault(
                    own.file, place + ".referenceTypes",
                    "expected names of resource types, external or uri; there is no type " +
                        printable(type, 60) + "."
                );
            }
        }
    }

    SchemaRegistry& registry_;
    std::vector<SchemaFault>& faults_;
    std::vector<Own> own_;
    std::map<EdgeKind, std::string> kinds_;
    bool all_files_read_ = true;
};

std::unique_ptr<SchemaRegistry> SchemaRegistry::load_with(
    const OwnSchemas& own, std::vector<SchemaFault>& faults
) {
    std::unique_ptr<SchemaRegistry> registry(new SchemaRegistry());
    if (const Status builtin = registry->add_builtin(); !builtin) {
        faults.push_back({{}, {}, builtin.error().detail});
        return nullptr;
    }
    OwnSchemaLoader(*registry, faults).load(own);
    return faults.empty() ? std::move(registry) : nullptr;
}

}  // namespace bascule::scim
