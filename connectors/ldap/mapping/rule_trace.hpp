#pragma once

#include <string_view>
#include <vector>

#include "connectors/ldap/mapping/plan.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::ldap {

/// The rules of a kind ("users", "groups") that fill a path; see directory::EntryMapper::trace().
/// Thread-safe.
[[nodiscard]] std::vector<directory::RuleTrace> trace_rules(
    const KindPlan& plan, std::string_view kind, const directory::AttributePath& path,
    const directory::SourceEntry* entry
);

}  // namespace bascule::ldap
