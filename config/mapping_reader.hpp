#pragma once

#include <string>
#include <vector>

#include "config/report.hpp"
#include "config/yaml_node.hpp"
#include "directory/mirror/mapping_rules.hpp"

namespace bascule::config {

/// Reads a `map`: per SCIM attribute an LDAP attribute, a list of them (the first with a value
/// counts), a template with {attribute} parts, a rule with keys, a list of rules, or nothing
/// (removes the dialect's rule). Names of transforms and SCIM attributes are checked where the
/// mapping is used.
[[nodiscard]] std::vector<mirror::MappingRule> read_mapping(
    const Node& node, const std::string& path, Report& report
);

}  // namespace bascule::config
