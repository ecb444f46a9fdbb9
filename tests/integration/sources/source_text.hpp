#pragma once

#include <string>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/ds389_rig.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {

/// One source of several, as YAML. `more` are further lines ("    guard: {…}").
std::string source_text(
    const DaemonRig& daemon, const std::string& name, const DirectoryAccess& access,
    const std::string& more = {}
);

DirectoryAccess access_to(const SlapdRig& directory);
DirectoryAccess access_to(const Ds389Rig& directory);
DirectoryAccess access_to(const SambaRig& directory);

/// LDIF of a person below ou=people of the rigs; `more` are further lines.
std::string person(
    const std::string& uid, const std::string& more = {},
    const std::string& container = "ou=people," + std::string(rig_suffix)
);
/// LDIF of a group below ou=groups.
std::string group(const std::string& name, const std::vector<std::string>& members);

}  // namespace bascule::test
