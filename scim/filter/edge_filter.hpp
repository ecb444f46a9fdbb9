#pragma once

#include <string_view>

#include "directory/base/result.hpp"
#include "directory/query/filter.hpp"
#include "scim/filter/syntax.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// A comparison of an attribute that is kept as edges (members, manager) or computed from them
/// (groups): who is at the other end is all that can be asked. `sub` is the sub-attribute's name.
/// Errors: `invalid_filter`.
[[nodiscard]] Result<directory::Filter> resolve_edge(
    const ResolvedName& name, std::string_view sub, const Syntax& comparison
);

/// The same for what stands in the brackets behind such an attribute.
[[nodiscard]] Result<directory::Filter> resolve_edge_elements(
    const ResolvedName& name, const Syntax& syntax
);

}  // namespace bascule::scim
