#pragma once

#include <string>
#include <vector>

#include "config/report.hpp"
#include "config/settings.hpp"
#include "config/yaml_node.hpp"

namespace bascule::config {

/// Reads `scim.resource_types`: a list of sections with name, endpoint, schema, and where wanted
/// description and extensions. Whether the schemas exist is checked where they are loaded.
[[nodiscard]] std::vector<ResourceTypeSetting> read_resource_types(
    const Node& node, const std::string& path, Report& report
);

/// Reads `scim.extensions`: per resource type a list of URNs, or of {schema, required}.
[[nodiscard]] std::vector<TypeExtensionsSetting> read_type_extensions(
    const Node& node, const std::string& path, Report& report
);

/// YAML text of the same, in one line.
[[nodiscard]] std::string yaml_text(const std::vector<ResourceTypeSetting>& types);
[[nodiscard]] std::string yaml_text(const std::vector<TypeExtensionsSetting>& extensions);

}  // namespace bascule::config
