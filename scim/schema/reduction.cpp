#include <algorithm>
#include <utility>

#include "scim/schema/schema.hpp"

namespace bascule::scim {
namespace {

/// What stays of an attribute, or nothing.
std::optional<Attribute> reduced_attribute(
    const Schema& schema, bool is_core, const Attribute& attribute, const SchemaRegistry::Keep& keep
) {
    if (attribute.sub_attributes.empty()) {
        return keep(schema, is_core, attribute, nullptr) ? std::optional(attribute) : std::nullopt;
    }
    Attribute left = attribute;
    std::erase_if(left.sub_attributes, [&](const Attribute& sub) {
        return !keep(schema, is_core, attribute, &sub);
    });
    if (left.sub_attributes.empty()) {
        return std::nullopt;
    }
    left.partial = left.partial || left.sub_attributes.size() != attribute.sub_attributes.size();
    return left;
}

}  // namespace

std::unique_ptr<SchemaRegistry> SchemaRegistry::reduced(const Keep& keep) const {
    std::unique_ptr<SchemaRegistry> registry(new SchemaRegistry());
    std::map<const Schema*, const Schema*> copies;
    std::map<const Schema*, bool> lost_something;
    for (const auto& schema : schemas_) {
        const bool is_core = std::any_of(types_.begin(), types_.end(), [&](const auto& type) {
            return type->schema == schema.get();
        });
        auto copy = std::make_unique<Schema>(*schema);
        copy->attributes.clear();
        bool lost = false;
        for (const Attribute& attribute : schema->attributes) {
            auto left = reduced_attribute(*schema, is_core, attribute, keep);
            lost = lost || !left || left->partial;
            if (left) {
                copy->attributes.push_back(*std::move(left));
            }
        }
        copies[schema.get()] = copy.get();
        lost_something[schema.get()] = lost;
        registry->schemas_.push_back(std::move(copy));
    }
    for (const auto& type : types_) {
        auto copy = std::make_unique<ResourceType>(*type);
        copy->schema = copies.at(type->schema);
        copy->shows_all_by_default &= !lost_something.at(type->schema);
        copy->extensions.clear();
        for (const auto& extension : type->extensions) {
            copy->shows_all_by_default &= !lost_something.at(extension.schema);
            if (const Schema* left = copies.at(extension.schema); !left->attributes.empty()) {
                copy->extensions.push_back({left, extension.required});
            }
        }
        registry->types_.push_back(std::move(copy));
    }
    return registry;
}

}  // namespace bascule::scim
