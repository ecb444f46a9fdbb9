#include <utility>

#include "scim/schema/schema.hpp"

namespace bascule::scim {
namespace {

using directory::AttributePath;
using directory::AttributeSpec;
using directory::ValueType;

bool is_searchable(const Attribute& attribute) {
    return attribute.searchable && !attribute.edge && !attribute.derived &&
           attribute.returned != Returned::never && attribute.mutability != Mutability::write_only;
}

/// Fills one type's attributes into its specification for the store.
class Registration {
  public:
    explicit Registration(directory::TypeSpec& spec) : spec_(spec) {}

    void add_all(const std::string& extension, const std::vector<Attribute>& attributes) {
        for (const Attribute& attribute : attributes) {
            add(extension, attribute);
        }
    }

    void add(const std::string& extension, const Attribute& attribute) {
        if (attribute.type != ValueType::complex) {
            add_value(extension, attribute, nullptr);
            return;
        }
        for (const Attribute& sub : attribute.sub_attributes) {
            add_value(extension, attribute, &sub);
        }
    }

  private:
    void add_value(const std::string& extension, const Attribute& attribute, const Attribute* sub) {
        AttributeSpec spec = spec_of(nullptr, attribute, sub);
        spec.path.extension = extension;
        spec_.attributes.push_back(std::move(spec));
    }

    directory::TypeSpec& spec_;
};

}  // namespace

directory::AttributeSpec spec_of(
    const Schema* extension, const Attribute& attribute, const Attribute* sub
) {
    const Attribute& value = sub == nullptr ? attribute : *sub;
    AttributeSpec spec;
    spec.path = ResolvedName{extension, &attribute, sub}.path();
    spec.type = value.type;
    spec.multi_valued = attribute.multi_valued || value.multi_valued;
    // Erratum 6001: references are case-exact; base64 always is.
    spec.case_exact =
        value.case_exact || value.type == ValueType::reference || value.type == ValueType::binary;
    spec.searchable = is_searchable(attribute) && is_searchable(value);
    spec.unique = value.uniqueness != Uniqueness::none;
    const auto is_secret = [](const Attribute& one) {
        return one.returned == Returned::never || one.mutability == Mutability::write_only;
    };
    spec.secret = is_secret(attribute) || is_secret(value);
    if (sub != nullptr && sub->name == "value") {
        spec.edge = attribute.edge;
    }
    return spec;
}

directory::TypeSpec SchemaRegistry::spec_of_type(const ResourceType& type) {
    directory::TypeSpec spec;
    spec.name = type.name;
    spec.scope = type.scope;
    spec.declares_all = true;
    Registration registration(spec);
    registration.add({}, *common_schema().find("externalId"));
    registration.add_all({}, type.schema->attributes);
    for (const auto& extension : type.extensions) {
        registration.add_all(extension.schema->id, extension.schema->attributes);
    }
    return spec;
}

Status SchemaRegistry::register_types(directory::Registry& registry) {
    for (const auto& type : types_) {
        if (registry.find_type(type->name)) {
            return fail(
                ErrorKind::invalid_input, "invalid_schema",
                "The resource type " + type->name + " has the name of a type that exists already."
            );
        }
        type->type = registry.add(spec_of_type(*type));
    }
    return {};
}

Result<bool> SchemaRegistry::extend_types(directory::Registry& registry) {
    for (std::size_t index = 0; index < registry.type_count(); ++index) {
        const directory::TypeSpec& known = registry.spec(static_cast<directory::TypeId>(index));
        if (known.declares_all && find_by_name(known.name) == nullptr) {
            return fail(Error{
                ErrorKind::conflict,
                "schema_changed",
                "The resource type " + known.name +
                    " is missing that was there when the service started.",
                known.name,
                {}});
        }
    }
    std::vector<directory::TypeSpec> specs;
    for (const auto& type : types_) {
        specs.push_back(spec_of_type(*type));
    }
    BASCULE_TRY(const bool added, registry.extend(specs));
    for (const auto& type : types_) {
        type->type = registry.type(type->name);
    }
    return added;
}

}  // namespace bascule::scim
