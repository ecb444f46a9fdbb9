#pragma once

#include "connectors/ldap/mapping/mapping.hpp"

namespace bascule::ldap {

/// Users are normal accounts ((&(objectClass=user)(sAMAccountType=805306368))), groups are
/// (objectClass=group). `active` is false for disabled and for expired accounts.
[[nodiscard]] const Mapping& active_directory_mapping();

}  // namespace bascule::ldap
