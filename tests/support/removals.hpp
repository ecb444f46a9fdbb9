#pragma once

#include <cstddef>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {

/// How many users and groups the program has ever taken away, up to 1,000 of each, as its audit log
/// tells.
[[nodiscard]] std::size_t removals_by(const DaemonRig& daemon);

}  // namespace bascule::test
