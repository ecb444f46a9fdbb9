#pragma once

#include "scim/filter/filter.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {

/// The filter in the brackets of a PATCH path, for one element of `parent`: names are those of its
/// sub-attributes. Errors: `invalid_filter`.
[[nodiscard]] Result<directory::Filter> compile_element_filter(
    const ResolvedName& parent, const Syntax& syntax, const SchemaRegistry& schemas,
    const ResourceType& type, const directory::Registry& registry, const FilterDialect& dialect
);

}  // namespace bascule::scim
