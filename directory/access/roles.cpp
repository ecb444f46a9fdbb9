#include "directory/access/roles.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace bascule::access {
namespace {

struct RoleFacts {
    Role role;
    std::string_view name;
    bool unit_scopable;
};

constexpr std::array roles{
    RoleFacts{Role::global_administrator, "Global Administrator", false},
    RoleFacts{Role::privileged_role_administrator, "Privileged Role Administrator", false},
    RoleFacts{
        Role::privileged_authentication_administrator, "Privileged Authentication Administrator",
        true},
    RoleFacts{Role::authentication_administrator, "Authentication Administrator", true},
    RoleFacts{
        Role::authentication_policy_administrator, "Authentication Policy Administrator", false},
    RoleFacts{Role::user_administrator, "User Administrator", true},
    RoleFacts{Role::helpdesk_administrator, "Helpdesk Administrator", true},
    RoleFacts{Role::password_administrator, "Password Administrator", true},
    RoleFacts{Role::groups_administrator, "Groups Administrator", true},
    RoleFacts{Role::license_administrator, "License Administrator", true},
    RoleFacts{Role::application_administrator, "Application Administrator", false},
    RoleFacts{Role::cloud_application_administrator, "Cloud Application Administrator", false},
    RoleFacts{Role::attribute_assignment_administrator, "Attribute Assignment Administrator", true},
    RoleFacts{Role::attribute_assignment_reader, "Attribute Assignment Reader", true},
    RoleFacts{Role::cloud_device_administrator, "Cloud Device Administrator", true},
    RoleFacts{Role::printer_administrator, "Printer Administrator", true},
    RoleFacts{Role::sharepoint_administrator, "SharePoint Administrator", true},
    RoleFacts{Role::teams_administrator, "Teams Administrator", true},
    RoleFacts{Role::teams_devices_administrator, "Teams Devices Administrator", true},
    RoleFacts{Role::directory_readers, "Directory Readers", false},
    RoleFacts{Role::guest_inviter, "Guest Inviter", false},
    RoleFacts{Role::message_center_reader, "Message Center Reader", false},
    RoleFacts{Role::reports_reader, "Reports Reader", false},
    RoleFacts{Role::usage_summary_reports_reader, "Usage Summary Reports Reader", false},
    RoleFacts{Role::user_experience_success_manager, "User Experience Success Manager", false},
};

constexpr auto role_list = [] {
    std::array<Role, roles.size()> list{};
    for (std::size_t i = 0; i < roles.size(); ++i) {
        list[i] = roles[i].role;
    }
    return list;
}();

// The table is indexed by the enum.
constexpr bool in_enum_order = [] {
    for (std::size_t i = 0; i < roles.size(); ++i) {
        if (static_cast<std::size_t>(roles[i].role) != i) {
            return false;
        }
    }
    return roles.size() == static_cast<std::size_t>(Role::other);
}();
static_assert(in_enum_order);

/// Letters only, in lower case, "administrator" shortened: what the spellings have in common.
std::string key_of(std::string_view name) {
    std::string key;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z') {
            key.push_back(static_cast<char>(c - 'A' + 'a'));
        } else if (c != ' ' && c != '_' && c != '-') {
            key.push_back(c);
        }
    }
    constexpr std::string_view suffix = "istrator";
    if (key.ends_with("administrator")) {
        key.erase(key.size() - suffix.size());
    }
    return key;
}

/// How many letters must be inserted, removed or exchanged.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, exchanged});
        }
    }
    return row.back();
}

}  // namespace

std::span<const Role> all_roles() {
    return role_list;
}

std::string_view name_of(Role role) {
    const auto index = static_cast<std::size_t>(role);
    return index < roles.size() ? roles[index].name : "custom role";
}

std::optional<Role> parse_role(std::string_view name) {
    const std::string wanted = key_of(name);
    for (const RoleFacts& facts : roles) {
        if (key_of(facts.name) == wanted) {
            return facts.role;
        }
    }
    return std::nullopt;
}

std::string_view nearest_role_name(std::string_view name) {
    constexpr std::size_t longest = 64;
    const std::string wanted = key_of(name.substr(0, longest));
    return std::ranges::min_element(
               roles, {},
               [&](const RoleFacts& facts) { return edit_distance(key_of(facts.name), wanted); }
    )->name;
}

bool is_unit_scopable(Role role) {
    const auto index = static_cast<std::size_t>(role);
    return index < roles.size() && roles[index].unit_scopable;
}

}  // namespace bascule::access
