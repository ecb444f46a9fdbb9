#include "tests/support/removals.hpp"

#include <algorithm>

namespace bascule::test {

std::size_t removals_by(const DaemonRig& daemon) {
    std::size_t count = 0;
    for (const char* activity : {"Delete user", "Delete group"}) {
        const auto told =
            daemon.command({"--json", "audit", "tail", "--lines", "1000", "--activity", activity});
        // One record a line.
        count += static_cast<std::size_t>(std::ranges::count(told.output, '\n'));
    }
    return count;
}

}  // namespace bascule::test
