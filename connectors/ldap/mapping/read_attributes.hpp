#pragma once

#include <string>
#include <vector>

#include "directory/mirror/mapping_rules.hpp"

namespace bascule::ldap {

/// The LDAP attributes that rules and filters of both kinds read, and objectClass. Sorted without
/// regard to case, without duplicates. Thread-safe, as are the others.
[[nodiscard]] std::vector<std::string> find_read_attributes(
    const mirror::KindMapping& users, const mirror::KindMapping& groups
);

/// The attributes from which members are taken, in the order of the rules.
[[nodiscard]] std::vector<std::string> find_member_sources(const mirror::KindMapping& groups);

/// Those of them that name DNs and that nothing else reads.
[[nodiscard]] std::vector<std::string> find_member_attributes(
    const mirror::KindMapping& users, const mirror::KindMapping& groups
);

}  // namespace bascule::ldap
