#include "scim/schema/schema.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/schema/builtin.hpp"
#include "scim/schema/schema_file.hpp"

namespace bascule::scim {
namespace {

using directory::ValueType;

Attribute common(std::string name, ValueType type, Returned returned = Returned::by_default) {
    Attribute attribute;
    attribute.name = std::move(name);
    attribute.type = type;
    attribute.case_exact = true;
    attribute.mutability = Mutability::read_only;
    attribute.returned = returned;
    attribute.searchable = false;
    return attribute;
}

Schema make_common_schema() {
    Schema schema;
    Attribute schemas = common("schemas", ValueType::reference, Returned::always);
    schemas.multi_valued = true;
    schemas.required = true;
    schemas.mutability = Mutability::read_write;
    Attribute external_id = common("externalId", ValueType::text);
    external_id.mutability = Mutability::read_write;
    external_id.searchable = true;
    Attribute meta = common("meta", ValueType::complex);
    meta.sub_attributes = {
        common("resourceType", ValueType::text), common("created", ValueType::date_time),
        common("lastModified", ValueType::date_time), common("location", ValueType::reference),
        common("version", ValueType::text)};
    schema.attributes = {
        std::move(schemas), common("id", ValueType::text, Returned::always), std::move(external_id),
        std::move(meta)};
    return schema;
}

tl::unexpected<Error> invalid(std::string detail) {
    return fail(ErrorKind::invalid_input, "invalid_schema", std::move(detail));
}

/// Whether a stored document may hold something that a plain answer must not show.
bool hides_something(const std::vector<Attribute>& attributes) {
    return std::any_of(attributes.begin(), attributes.end(), [](const Attribute& attribute) {
        const bool stored = attribute.mutability != Mutability::write_only && !attribute.derived &&
                            (!attribute.edge || attribute.own);
        const bool shown =
            attribute.returned == Returned::by_default || attribute.returned == Returned::always;
        return stored && (!shown || hides_something(attribute.sub_attributes));
    });
}

/// What follows `urn` in the notation: nothing at all, or the text after its colon.
std::optional<std::string_view> after_urn(std::string_view notation, std::string_view urn) {
    if (urn.empty() || notation.size() < urn.size() ||
        !equals_ignoring_ascii_case(notation.substr(0, urn.size()), urn)) {
        return std::nullopt;
    }
    notation.remove_prefix(urn.size());
    if (notation.empty()) {
        return notation;
    }
    if (notation.front() != ':') {
        return std::nullopt;
    }
    return notation.substr(1);
}

/// "name" or "name.sub" in one schema.
std::optional<ResolvedName> find_in(const Schema& schema, std::string_view notation) {
    const std::size_t dot = notation.find('.');
    ResolvedName found;
    found.attribute = schema.find(notation.substr(0, dot));
    if (found.attribute == nullptr) {
        return std::nullopt;
    }
    if (dot != std::string_view::npos) {
        found.sub = found.attribute->sub(notation.substr(dot + 1));
        if (found.sub == nullptr) {
            return std::nullopt;
        }
    }
    return found;
}

const Schema* find_schema_in(
    const std::vector<std::unique_ptr<Schema>>& schemas, std::string_view urn
) {
    for (const auto& schema : schemas) {
        if (equals_ignoring_ascii_case(schema->id, urn)) {
            return schema.get();
        }
    }
    return nullptr;
}

}  // namespace

const Attribute* Attribute::sub(std::string_view wanted) const {
    for (const Attribute& attribute : sub_attributes) {
        if (equals_ignoring_ascii_case(attribute.name, wanted)) {
            return &attribute;
        }
    }
    return nullptr;
}

const std::vector<std::string>& Attribute::target_types() const {
    static const std::vector<std::string> none;
    const Attribute* reference = sub("$ref");
    return reference == nullptr ? none : reference->reference_types;
}

const Attribute* Schema::find(std::string_view wanted) const {
    for (const Attribute& attribute : attributes) {
        if (equals_ignoring_ascii_case(attribute.name, wanted)) {
            return &attribute;
        }
    }
    return nullptr;
}

directory::AttributePath ResolvedName::path() const {
    return {
        extension == nullptr ? std::string() : extension->id,
        attribute == nullptr ? std::string() : attribute->name,
        sub == nullptr ? std::string() : sub->name};
}

const Schema& common_schema() {
    static const Schema schema = make_common_schema();
    return schema;
}

SchemaRegistry::SchemaRegistry() = default;
SchemaRegistry::~SchemaRegistry() = default;

Result<std::unique_ptr<SchemaRegistry>> SchemaRegistry::load_builtin() {
    std::unique_ptr<SchemaRegistry> registry(new SchemaRegistry());
    BASCULE_CHECK(registry->add_builtin());
    return registry;
}

Result<std::unique_ptr<SchemaRegistry>> SchemaRegistry::load(
    const std::vector<std::string_view>& schemas, std::string_view resource_types
) {
    std::unique_ptr<SchemaRegistry> registry(new SchemaRegistry());
    BASCULE_CHECK(registry->add_all(schemas, resource_types));
    return registry;
}

Status SchemaRegistry::add_builtin() {
    std::vector<std::string_view> schemas;
    std::string_view types;
    for (const EmbeddedFile& file : builtin_schema_files()) {
        if (file.name == "resource_types") {
            types = file.text;
        } else {
            schemas.push_back(file.text);
        }
    }
    return add_all(schemas, types);
}

Status SchemaRegistry::add_all(
    const std::vector<std::string_view>& schemas, std::string_view resource_types
) {
    for (const std::string_view text : schemas) {
        BASCULE_TRY(Schema schema, parse_schema(text));
        if (find_schema(schema.id) != nullptr) {
            return invalid("The schema " + schema.id + " is defined twice.");
        }
        schemas_.push_back(std::make_unique<Schema>(std::move(schema)));
    }
    BASCULE_TRY(const auto files, parse_resource_types(resource_types));
    for (const ResourceTypeFile& file : files) {
        BASCULE_CHECK(add_type(file));
    }
    return {};
}

Status SchemaRegistry::add_type(const ResourceTypeFile& file) {
    if (find_by_name(file.name) != nullptr || find_by_endpoint(file.endpoint) != nullptr) {
        return invalid(
            "The resource type " + file.name + " or its endpoint " + file.endpoint +
            " is defined twice."
        );
    }
    auto type = std::make_unique<ResourceType>();
    type->name = file.name;
    type->endpoint = file.endpoint;
    type->description = file.description;
    type->scope = file.scope;
    type->schema = find_schema_in(schemas_, file.schema);
    if (type->schema == nullptr) {
        return invalid(
            "The resource type " + file.name + " names the unknown schema " + file.schema + "."
        );
    }
    for (const auto& extension : file.extensions) {
        const Schema* schema = find_schema_in(schemas_, extension.schema);
        if (schema == nullptr) {
            return invalid(
                "The resource type " + file.name + " names the unknown schema " + extension.schema +
                "."
            );
        }
        type->extensions.push_back({schema, extension.required});
    }
    note_hidden(*type);
    types_.push_back(std::move(type));
    return {};
}

void SchemaRegistry::note_hidden(ResourceType& type) {
    type.shows_all_by_default = !hides_something(type.schema->attributes);
    for (const auto& extension : type.extensions) {
        type.shows_all_by_default &= !hides_something(extension.schema->attributes);
    }
}

const ResourceType* SchemaRegistry::find_by_name(std::string_view name) const {
    for (const auto& type : types_) {
        if (equals_ignoring_ascii_case(type->name, name)) {
            return type.get();
        }
    }
    return nullptr;
}

const ResourceType* SchemaRegistry::find_by_endpoint(std::string_view endpoint) const {
    for (const auto& type : types_) {
        if (type->endpoint == endpoint) {
            return type.get();
        }
    }
    return nullptr;
}

const ResourceType* SchemaRegistry::find_by_type(directory::TypeId wanted) const {
    for (const auto& type : types_) {
        if (type->type == wanted) {
            return type.get();
        }
    }
    return nullptr;
}

const Schema* SchemaRegistry::find_schema(std::string_view urn) const {
    return find_schema_in(schemas_, urn);
}

std::optional<ResolvedName> SchemaRegistry::resolve(
    const ResourceType& type, std::string_view notation
) const {
    const Schema* schema = nullptr;
    bool is_extension = false;
    std::string_view rest = notation;
    const auto consider = [&](const Schema* candidate, bool extension) {
        const auto after = after_urn(notation, candidate->id);
        if (after && (schema == nullptr || candidate->id.size() > schema->id.size())) {
            schema = candidate;
            is_extension = extension;
            rest = *after;
        }
    };
    consider(type.schema, false);
    for (const auto& extension : type.extensions) {
        consider(extension.schema, true);
    }
    if (is_extension) {
        if (rest.empty()) {
            return ResolvedName{schema, nullptr, nullptr};
        }
        auto found = find_in(*schema, rest);
        if (found) {
            found->extension = schema;
        }
        return found;
    }
    if (auto found = find_in(*type.schema, rest)) {
        return found;
    }
    return find_in(common_schema(), rest);
}

}  // namespace bascule::scim
