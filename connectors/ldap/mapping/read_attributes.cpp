#include "connectors/ldap/mapping/read_attributes.hpp"

#include <algorithm>
#include <string_view>

#include "connectors/ldap/mapping/ldap_filter.hpp"
#include "connectors/ldap/mapping/rule.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

/// Attribute names in a filter are found in its text: every name stands after '(' and before a
/// sign.
void add_filter_attributes(std::vector<std::string>& out, std::string_view filter) {
    for (std::size_t open = filter.find('('); open != std::string_view::npos;
         open = filter.find('(', open + 1)) {
        const std::size_t end = filter.find_first_of("=<>~:(&|!)", open + 1);
        if (end == std::string_view::npos || end == open + 1)
            continue;
        out.emplace_back(filter.substr(open + 1, end - open - 1));
    }
}

/// Whether a rule makes a member of each value, whatever else the entry holds.
bool names_members(const mirror::MappingRule& rule) {
    return rule.when.empty() && rule.template_text.empty() &&
           equals_ignoring_ascii_case(rule.target.substr(0, rule.target.find('.')), "members");
}

/// What rules and filters read; `but_members`: except what members are taken from.
void add_wanted(
    std::vector<std::string>& out, const mirror::KindMapping& kind, bool but_members = false
) {
    for (const mirror::MappingRule& rule : kind.rules) {
        if (!but_members || !names_members(rule))
            out.insert(out.end(), rule.from.begin(), rule.from.end());
        if (const auto text = Template::parse(rule.template_text)) {
            const std::vector<std::string> names = text->attributes();
            out.insert(out.end(), names.begin(), names.end());
        }
        if (const auto when = LdapFilter::parse(rule.when))
            add_filter_attributes(out, when->to_string());
    }
    if (const auto filter = LdapFilter::parse(kind.filter))
        add_filter_attributes(out, filter->to_string());
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& other) {
        return equals_ignoring_ascii_case(name, other);
    });
}

}  // namespace

std::vector<std::string> find_read_attributes(
    const mirror::KindMapping& users, const mirror::KindMapping& groups
) {
    std::vector<std::string> out{"objectClass"};
    add_wanted(out, users);
    add_wanted(out, groups);
    std::ranges::sort(out, {}, [](const std::string& name) { return to_ascii_lower(name); });
    out.erase(std::unique(out.begin(), out.end(), equals_ignoring_ascii_case), out.end());
    return out;
}

std::vector<std::string> find_member_sources(const mirror::KindMapping& groups) {
    std::vector<std::string> out;
    for (const mirror::MappingRule& rule : groups.rules) {
        if (equals_ignoring_ascii_case(rule.target.substr(0, rule.target.find('.')), "members"))
            out.insert(out.end(), rule.from.begin(), rule.from.end());
    }
    return out;
}

/// Attributes from which members are taken and that nothing else reads.
std::vector<std::string> find_member_attributes(
    const mirror::KindMapping& users, const mirror::KindMapping& groups
) {
    std::vector<std::string> others{"memberUid"};  // it names no DN
    add_wanted(others, users);
    add_wanted(others, groups, true);
    std::vector<std::string> out = find_member_sources(groups);
    std::erase_if(out, [&](const std::string& name) { return contains(others, name); });
    return out;
}

}  // namespace bascule::ldap
