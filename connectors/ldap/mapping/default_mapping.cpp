#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/ldap/mapping/mapping.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

namespace {

using mirror::KindMapping;
using mirror::MappingRule;

constexpr std::string_view enterprise =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:";

MappingRule constant(std::string target, std::string value) {
    MappingRule rule;
    rule.target = std::move(target);
    rule.constant = std::move(value);
    return rule;
}

KindMapping make_user_mapping() {
    const std::string extension(enterprise);
    KindMapping kind;
    kind.filter = "(objectClass=inetOrgPerson)";
    kind.rules = {
        rule_from("externalId", {"entryUUID"}),
        rule_from("userName", {"uid"}),
        rule_from("name.formatted", {"cn"}),
        rule_from("name.familyName", {"sn"}),
        rule_from("name.givenName", {"givenName"}),
        rule_from("displayName", {"displayName", "cn"}),
        rule_from("title", {"title"}),
        rule_from("preferredLanguage", {"preferredLanguage"}),
        constant("active", "true"),
        rule_from("emails", {"mail"}, "work"),
        rule_from("phoneNumbers", {"telephoneNumber"}, "work"),
        rule_from("phoneNumbers", {"mobile"}, "mobile"),
        rule_from(extension + "employeeNumber", {"employeeNumber"}),
        rule_from(extension + "organization", {"o"}),
        rule_from(extension + "department", {"departmentNumber", "ou"}),
        rule_from(extension + "manager", {"manager"}),
    };
    return kind;
}

KindMapping make_group_mapping() {
    KindMapping kind;
    kind.filter =
        "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))";
    kind.rules = {
        rule_from("externalId", {"entryUUID"}),
        rule_from("displayName", {"cn"}),
        rule_from("members", {"member", "uniqueMember", "memberUid"}),
    };
    return kind;
}

/// A target without its type: "phoneNumbers[mobile]" gives ("phoneNumbers", "mobile").
std::pair<std::string, std::string> split_type(const MappingRule& rule) {
    const std::size_t open = rule.target.find('[');
    if (open == std::string::npos || !rule.target.ends_with(']'))
        return {to_ascii_lower(rule.target), rule.type};
    return {
        to_ascii_lower(rule.target.substr(0, open)),
        rule.target.substr(open + 1, rule.target.size() - open - 2)};
}

bool replaces(const MappingRule& configured, const MappingRule& builtin) {
    auto [target, type] = split_type(configured);
    if (target.ends_with(".value"))
        target.resize(target.size() - 6);
    const auto [builtin_target, builtin_type] = split_type(builtin);
    const bool typed_target = configured.target.find('[') != std::string::npos;
    return target == builtin_target && (!typed_target || type == builtin_type);
}

bool gives_value(const MappingRule& rule) {
    return !rule.from.empty() || !rule.template_text.empty() || rule.constant.has_value();
}

}  // namespace

const Mapping& default_mapping() {
    static const Mapping mapping{make_user_mapping(), make_group_mapping()};
    return mapping;
}

MappingRule rule_from(std::string target, std::vector<std::string> attributes, std::string type) {
    MappingRule rule;
    rule.target = std::move(target);
    rule.from = std::move(attributes);
    rule.type = std::move(type);
    return rule;
}

KindMapping with_defaults(const KindMapping& configured, const KindMapping& defaults) {
    KindMapping result;
    result.filter = configured.filter.empty() ? defaults.filter : configured.filter;
    for (const MappingRule& builtin : defaults.rules) {
        const bool replaced = std::any_of(
            configured.rules.begin(), configured.rules.end(),
            [&](const MappingRule& rule) { return replaces(rule, builtin); }
        );
        if (!replaced)
            result.rules.push_back(builtin);
    }
    std::copy_if(
        configured.rules.begin(), configured.rules.end(), std::back_inserter(result.rules),
        gives_value
    );
    return result;
}

}  // namespace bascule::ldap
