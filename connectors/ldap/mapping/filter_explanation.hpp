#pragma once

#include <string>

#include "connectors/ldap/mapping/filter_node.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// Why the entry does not match: the first term that stands in the way, whether it is false or
/// cannot be decided, and what the entry has instead; empty when it matches. Thread-safe.
[[nodiscard]] std::string explain_mismatch(
    const FilterNode& node, const directory::SourceEntry& entry
);

}  // namespace bascule::ldap
