#include "directory/access/reset_grid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace bascule::access {
namespace {

/// The six acting roles, in the order of the columns below.
constexpr std::array actors{
    Role::password_administrator,
    Role::helpdesk_administrator,
    Role::authentication_administrator,
    Role::user_administrator,
    Role::privileged_authentication_administrator,
    Role::global_administrator,
};

struct Expected {
    Role target;
    std::string_view reset;      ///< 'x' where the actor may reset the password
    std::string_view sensitive;  ///< the same for sensitive data
};

// Written out as the published tables print them: one character for each acting role.
constexpr std::array table{
    Expected{Role::directory_readers, "xxxxxx", "--xxxx"},
    Expected{Role::guest_inviter, "xxxxxx", "--xxxx"},
    Expected{Role::password_administrator, "xxxxxx", "--xxxx"},
    Expected{Role::helpdesk_administrator, "-x-xxx", "---xxx"},
    Expected{Role::authentication_administrator, "--x-xx", "--x-xx"},
    Expected{Role::message_center_reader, "-xxxxx", "--xxxx"},
    Expected{Role::reports_reader, "-xxxxx", "--xxxx"},
    Expected{Role::usage_summary_reports_reader, "-xxxxx", "--xxxx"},
    Expected{Role::user_experience_success_manager, "-xxxxx", "--xxxx"},
    Expected{Role::groups_administrator, "---xxx", "---xxx"},
    Expected{Role::user_administrator, "---xxx", "---xxx"},
    Expected{Role::privileged_role_administrator, "----xx", "----xx"},
    Expected{Role::privileged_authentication_administrator, "----xx", "----xx"},
    Expected{Role::global_administrator, "----xx", "----xx"},
    Expected{Role::authentication_policy_administrator, "----xx", "----xx"},
    Expected{Role::license_administrator, "----xx", "----xx"},
    Expected{Role::application_administrator, "----xx", "----xx"},
    Expected{Role::cloud_application_administrator, "----xx", "----xx"},
    Expected{Role::attribute_assignment_administrator, "----xx", "----xx"},
    Expected{Role::attribute_assignment_reader, "----xx", "----xx"},
    Expected{Role::cloud_device_administrator, "----xx", "----xx"},
    Expected{Role::printer_administrator, "----xx", "----xx"},
    Expected{Role::sharepoint_administrator, "----xx", "----xx"},
    Expected{Role::teams_administrator, "----xx", "----xx"},
    Expected{Role::teams_devices_administrator, "----xx", "----xx"},
    Expected{Role::other, "----xx", "----xx"},
};

std::string row_of(Action action, Role target) {
    std::string row;
    for (const Role actor : actors) {
        row.push_back(may_act_on(action, actor, target) ? 'x' : '-');
    }
    return row;
}

TEST(ResetGrid, HasARowForEveryRole) {
    for (const Role role : all_roles()) {
        EXPECT_NE(std::ranges::find(table, role, &Expected::target), table.end()) << name_of(role);
    }
}

TEST(ResetGrid, EveryCellOfPasswordReset) {
    for (const Expected& row : table) {
        EXPECT_EQ(row_of(Action::reset_password, row.target), row.reset) << name_of(row.target);
    }
}

TEST(ResetGrid, EveryCellOfSensitiveData) {
    for (const Expected& row : table) {
        EXPECT_EQ(row_of(Action::change_sensitive_data, row.target), row.sensitive)
            << name_of(row.target);
    }
}

TEST(ResetGrid, OnlyThreeRolesManageSignInMethods) {
    for (const Role role : all_roles()) {
        const bool expected = role == Role::authentication_administrator || acts_on_everybody(role);
        EXPECT_EQ(is_acting_role(Action::manage_sign_in_methods, role), expected) << name_of(role);
    }
    EXPECT_FALSE(may_act_on(
        Action::manage_sign_in_methods, Role::user_administrator, Role::directory_readers
    ));
    EXPECT_FALSE(may_act_on(
        Action::manage_sign_in_methods, Role::authentication_administrator,
        Role::helpdesk_administrator
    ));
    EXPECT_TRUE(may_act_on(
        Action::manage_sign_in_methods, Role::authentication_administrator,
        Role::authentication_administrator
    ));
}

TEST(ResetGrid, RolesThatAreNoColumnActOnNobody) {
    for (const Role actor : all_roles()) {
        if (std::ranges::find(actors, actor) != actors.end()) {
            EXPECT_TRUE(is_acting_role(Action::reset_password, actor));
            continue;
        }
        EXPECT_FALSE(is_acting_role(Action::reset_password, actor)) << name_of(actor);
        for (const Expected& row : table) {
            EXPECT_FALSE(may_act_on(Action::reset_password, actor, row.target)) << name_of(actor);
        }
    }
}

TEST(Roles, EverySpellingOfANameIsUnderstood) {
    for (const Role role : all_roles()) {
        EXPECT_EQ(parse_role(name_of(role)), role);
    }
    EXPECT_EQ(parse_role("HelpdeskAdministrator"), Role::helpdesk_administrator);
    EXPECT_EQ(parse_role("helpdesk_administrator"), Role::helpdesk_administrator);
    EXPECT_EQ(parse_role("Helpdesk Admin"), Role::helpdesk_administrator);
    EXPECT_EQ(parse_role("Emperor"), std::nullopt);
    EXPECT_EQ(parse_role(""), std::nullopt);
}

TEST(Roles, GlobalAdministratorCannotBeGivenForAUnit) {
    EXPECT_FALSE(is_unit_scopable(Role::global_administrator));
    EXPECT_FALSE(is_unit_scopable(Role::reports_reader));
    EXPECT_FALSE(is_unit_scopable(Role::other));
    EXPECT_TRUE(is_unit_scopable(Role::helpdesk_administrator));
    EXPECT_TRUE(is_unit_scopable(Role::privileged_authentication_administrator));
}

}  // namespace
}  // namespace bascule::access
