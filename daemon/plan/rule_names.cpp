#include "daemon/plan/rule_names.hpp"

#include <utility>

namespace bascule::daemon {
namespace {

/// "emails[work]" and "name.givenName" belong to "emails" and "name"; URNs keep their dots.
std::string_view attribute_of(std::string_view target) {
    target = target.substr(0, target.find('['));
    const std::size_t colon = target.rfind(':');
    const std::size_t dot = target.find('.', colon == std::string_view::npos ? 0 : colon);
    return target.substr(0, dot);
}

std::string_view rule_for(
    const mirror::KindMapping& mapping, const directory::AttributePath& attribute
) {
    const std::string full =
        attribute.extension.empty() ? attribute.name : attribute.extension + ":" + attribute.name;
    for (const mirror::MappingRule& rule : mapping.rules) {
        const std::string_view target = attribute_of(rule.target);
        if (target == full || target == attribute.name) {
            return rule.target;
        }
    }
    return {};
}

std::string_view find_rule(
    const std::map<std::string, ConfiguredRules>& rules, const std::string& source,
    std::string_view type, const directory::AttributePath& attribute
) {
    const auto found = rules.find(source);
    if (found == rules.end()) {
        return {};
    }
    return rule_for(type == "Group" ? found->second.groups : found->second.users, attribute);
}

}  // namespace

std::map<std::string, ConfiguredRules> configured_rules(const config::Settings& settings) {
    std::map<std::string, ConfiguredRules> rules;
    for (const config::SourceSettings& source : settings.sources) {
        rules.emplace(source.name, ConfiguredRules{source.users, source.groups});
    }
    return rules;
}

RuleNames::RuleNames(
    std::map<std::string, ConfiguredRules> running, std::map<std::string, ConfiguredRules> wanted
)
    : running_(std::move(running)), wanted_(std::move(wanted)) {}

std::string RuleNames::name(
    const std::string& source, std::string_view type, const directory::AttributePath& attribute
) const {
    const std::string kind = type == "Group" ? "groups.map" : "users.map";
    if (const auto rule = find_rule(wanted_, source, type, attribute); !rule.empty()) {
        return kind + "." + std::string(rule);
    }
    if (const auto rule = find_rule(running_, source, type, attribute); !rule.empty()) {
        return kind + "." + std::string(rule) + " (removed)";
    }
    return kind + " (default)";
}

}  // namespace bascule::daemon
