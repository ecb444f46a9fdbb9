#include "scim/service/sort_key.hpp"

#include <string>

#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

using directory::RowField;
using directory::Sort;

std::optional<RowField> row_field_of(const ResolvedName& name) {
    if (name.extension != nullptr || name.attribute == nullptr) {
        return std::nullopt;
    }
    if (name.attribute->name == "id") {
        return RowField::id;
    }
    if (name.attribute->name != "meta" || name.sub == nullptr) {
        return std::nullopt;
    }
    if (name.sub->name == "created") {
        return RowField::created;
    }
    return name.sub->name == "lastModified" ? std::optional(RowField::last_modified) : std::nullopt;
}

/// A complex attribute with many values is sorted by their `value`.
directory::AttributePath sort_path(const ResolvedName& name) {
    directory::AttributePath path = name.path();
    if (path.sub.empty() && name.attribute->multi_valued &&
        name.attribute->sub("value") != nullptr) {
        path.sub = "value";
    }
    return path;
}

}  // namespace

bool sorts_by_type(const ListRequest& request) {
    return equals_ignoring_ascii_case(request.sort_by, "meta.resourceType");
}

Result<std::optional<Sort>> sort_of(
    const Engine& engine, const TypeView& view, const ListRequest& request
) {
    if (request.sort_by.empty() || sorts_by_type(request)) {
        return std::optional<Sort>{};
    }
    Sort sort;
    sort.descending = request.descending;
    const auto name = engine.with.schemas.resolve(*view.type, request.sort_by);
    if (name && name->attribute != nullptr) {
        if (const auto field = row_field_of(*name)) {
            sort.field = *field;
            return std::optional(sort);
        }
        sort.attribute = engine.registry.find_attribute(view.type->type, sort_path(*name));
    }
    if (sort.attribute && !engine.registry.spec(*sort.attribute).searchable) {
        sort.attribute.reset();
    }
    if (!sort.attribute) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_path",
            view.type->name + " cannot be sorted by '" + printable(request.sort_by, 64) +
                "'; name a simple attribute or a sub-attribute.",
            "sortBy",
            {}});
    }
    return std::optional(sort);
}

}  // namespace bascule::scim
