#pragma once

#include <string>

namespace bascule::test {

/// The same entries with stamps of long ago: no look at what is new reads them again.
[[nodiscard]] inline std::string with_old_stamps(const std::string& ldif) {
    std::string out;
    for (const char one : ldif) {
        out += one;
        if (out.ends_with("\n\n")) {
            out.pop_back();
            out += "createTimestamp: 20200101000000Z\nmodifyTimestamp: 20200101000000Z\n\n";
        }
    }
    return out;
}

}  // namespace bascule::test
