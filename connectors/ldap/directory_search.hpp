#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/work_connection.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// The entry with this name, with dn_key and csn filled when asked for; nullopt when it does not
/// exist or cannot be seen. `attributes` empty: all user attributes.
[[nodiscard]] Result<std::optional<directory::SourceEntry>> find_entry(
    WorkConnection& work, const std::string& dn, std::vector<std::string> attributes,
    Deadline deadline
);

/// Whether the name leads to an entry that the service account can see.
[[nodiscard]] Result<bool> entry_exists(
    WorkConnection& work, const std::string& dn, Deadline deadline
);

}  // namespace bascule::ldap
