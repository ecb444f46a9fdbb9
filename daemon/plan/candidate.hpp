#pragma once

#include <string>

#include "config/settings.hpp"
#include "directory/base/result.hpp"

namespace bascule::daemon {

/// Reads and checks a configuration that is to be tried out, mappings included; `file` names it.
/// `invalid_input`/"invalid_config" with everything that is wrong, one line each.
[[nodiscard]] Result<config::Settings> read_candidate(
    const std::string& text, const std::string& file
);

}  // namespace bascule::daemon
