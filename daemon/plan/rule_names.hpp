#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "directory/mirror/mapping_rules.hpp"
#include "directory/model/registry.hpp"

namespace bascule::daemon {

/// The mappings of a source as they are configured.
struct ConfiguredRules {
    mirror::KindMapping users;
    mirror::KindMapping groups;
};

/// Of every source, by name.
[[nodiscard]] std::map<std::string, ConfiguredRules> configured_rules(
    const config::Settings& settings
);

/// Which line of a configuration is behind the difference of an attribute, as "users.map.title". A
/// rule that the running configuration has and the new one lacks is "users.map.title (removed)", an
/// attribute without a rule of its own "users.map (default)".
class RuleNames {
  public:
    RuleNames(
        std::map<std::string, ConfiguredRules> running,
        std::map<std::string, ConfiguredRules> wanted
    );
    /// `type` is "User" or "Group", `attribute` a path as a mapping names it.
    [[nodiscard]] std::string name(
        const std::string& source, std::string_view type, const directory::AttributePath& attribute
    ) const;

  private:
    std::map<std::string, ConfiguredRules> running_;
    std::map<std::string, ConfiguredRules> wanted_;
};

}  // namespace bascule::daemon
