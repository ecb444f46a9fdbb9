#pragma once

#include "connectors/ldap/mapping/filter_node.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// The three values of a search filter (RFC 4511 section 4.5.1.7).
enum class Truth { no, yes, undefined };

/// What a directory server would say of this entry: a term on an attribute that the entry lacks is
/// false; a term that cannot be decided is undefined, and so is its negation. Thread-safe.
[[nodiscard]] Truth evaluate(const FilterNode& node, const directory::SourceEntry& entry);

}  // namespace bascule::ldap
