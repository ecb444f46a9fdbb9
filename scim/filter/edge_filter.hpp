#pragma once

#include "directory/base/result.hpp"
#include "directory/query/filter.hpp"
#include "scim/filter/syntax.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// A comparison of an attribute that is kept as edges (members, manager) or computed from them
/// (groups): whether there is one, and who is at the other end, is all that can be asked. `ne`
/// matches when there is none or any other one. A $ref is known by the id it ends with.
/// Errors: `invalid_filter`.
[[nodiscard]] Result<directory::Filter> resolve_edge(
    const ResolvedName& name, const Syntax& comparison
);

/// The same for what stands in the brackets behind such an attribute: `ne` means another one,
/// and `eq null` matches nothing, as no element is without a value.
[[nodiscard]] Result<directory::Filter> resolve_edge_elements(
    const ResolvedName& name, const Syntax& syntax
);

/// Matches when any attribute of the schema that is kept as edges has a value.
[[nodiscard]] directory::Filter any_edges_of(const Schema& schema);

}  // namespace bascule::scim
