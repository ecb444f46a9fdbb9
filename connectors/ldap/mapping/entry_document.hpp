#pragma once

#include "connectors/ldap/mapping/plan.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::ldap {

/// An entry whose document is longer, in bytes, is quarantined; members of groups do not count,
/// because they are no part of it.
inline constexpr std::size_t largest_document = 8UL << 20U;

/// Maps an entry under one kind: the document, what it refers to, and what is wrong with it. The
/// document is written in one pass in the order of the plan. Thread-safe.
[[nodiscard]] directory::MappedEntry write_entry(
    const KindPlan& plan, const directory::SourceEntry& entry
);

}  // namespace bascule::ldap
