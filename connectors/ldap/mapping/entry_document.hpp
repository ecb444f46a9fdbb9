#pragma once

#include "connectors/ldap/mapping/plan.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::ldap {

/// Maps an entry under one kind: the document, what it refers to, and what is wrong with it. The
/// document is written in one pass in the order of the plan. Thread-safe.
[[nodiscard]] directory::MappedEntry write_entry(
    const KindPlan& plan, const directory::SourceEntry& entry
);

}  // namespace bascule::ldap
