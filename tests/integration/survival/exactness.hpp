#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

/// What both sides must agree on: for each person its attributes, for each group its members, as
/// sorted text.
using Picture = std::map<std::string, std::string>;

/// The picture that the directory itself gives (ldapsearch as admin).
[[nodiscard]] Picture picture_of_directory(SlapdRig& directory);

/// The picture that SCIM clients get, synced objects only (those with an externalId).
[[nodiscard]] Picture picture_of_mirror(const DaemonRig& daemon);

/// The first few differences in words, or empty when the mirror is exact.
[[nodiscard]] std::string difference(const Picture& directory, const Picture& mirror);

/// Waits until both pictures agree; the last difference when they do not within 20 seconds.
[[nodiscard]] std::string settle(SlapdRig& directory, const DaemonRig& daemon);

}  // namespace bascule::test
