#pragma once

#include <string>
#include <vector>

#include "config/report.hpp"
#include "config/settings.hpp"
#include "config/yaml_node.hpp"

namespace bascule::config {

/// Reads `profiles`: per name a map of switches to words. Whether there are such switches and words
/// is checked where the profiles are used.
[[nodiscard]] std::vector<ProfileSetting> read_profiles(
    const Node& node, const std::string& path, Report& report
);

}  // namespace bascule::config
