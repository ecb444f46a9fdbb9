#pragma once

#include <optional>
#include <string>

#include "config/options.hpp"
#include "config/report.hpp"
#include "config/yaml_node.hpp"

namespace bascule::config {

/// How strictly secrets are wanted.
enum class Secrets {
    required,  ///< the service starts: all must be readable
    checked,   ///< a check elsewhere: what only the service's environment has is a warning
};

/// Turns a node into the value of an option, or reports what was expected.
[[nodiscard]] std::optional<Value> read_value(
    const Option& option, const Node& node, const std::string& path, Secrets secrets, Report& report
);

}  // namespace bascule::config
