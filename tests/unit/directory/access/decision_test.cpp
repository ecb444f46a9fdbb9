#include "directory/access/decision.hpp"

#include <gtest/gtest.h>

namespace bascule::access {
namespace {

Uuid id_of(int number) {
    Uuid id;
    id.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
}

const Uuid seattle = id_of(1);
const Uuid portland = id_of(2);
const Uuid vault = id_of(3);

Assignment tenant(Role role, int number = 50) {
    return {id_of(number), role, std::nullopt, false};
}
Assignment scoped(Role role, const Uuid& unit, int number = 60) {
    return {id_of(number), role, unit, false};
}

Target person_in(std::vector<Uuid> units) {
    Target target;
    target.display = "Ann";
    target.direct_units = std::move(units);
    return target;
}

Target admin(Role role) {
    Target target = person_in({seattle});
    target.roles = {tenant(role, 90)};
    return target;
}

std::string reset(std::vector<Assignment> held, const Target& target) {
    const auto decision = decide(Action::reset_password, {std::move(held)}, target);
    return decision ? "allowed" : decision.error().code;
}

std::string phone(std::vector<Assignment> held, const Target& target) {
    const auto decision = decide(Action::manage_sign_in_methods, {std::move(held)}, target);
    return decision ? "allowed" : decision.error().code;
}

TEST(Decision, NamesTheAssignmentThatMatched) {
    const auto decision = decide(
        Action::reset_password,
        {{scoped(Role::helpdesk_administrator, portland, 61),
          scoped(Role::helpdesk_administrator, seattle, 62)}},
        person_in({seattle})
    );
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->id, id_of(62));
    EXPECT_EQ(decision->unit, seattle);
}

TEST(Decision, NobodyResetsThemselves) {
    Target target = person_in({});
    target.is_self = true;
    EXPECT_EQ(reset({tenant(Role::global_administrator)}, target), "self_reset");
}

TEST(Decision, ADeletedTargetIsAConflict) {
    Target target = person_in({});
    target.deleted = true;
    const auto decision =
        decide(Action::reset_password, {{tenant(Role::global_administrator)}}, target);
    ASSERT_FALSE(decision);
    EXPECT_EQ(decision.error().code, "target_deleted");
    EXPECT_EQ(decision.error().kind, ErrorKind::conflict);
}

TEST(Decision, WithoutAnActingRoleNothingIsAllowed) {
    EXPECT_EQ(reset({}, person_in({seattle})), "no_role");
    EXPECT_EQ(reset({tenant(Role::reports_reader)}, person_in({seattle})), "no_role");
    EXPECT_EQ(reset({tenant(Role::other)}, person_in({seattle})), "no_role");
}

TEST(Decision, ARoleThatCannotBeScopedHasNoEffectInAUnit) {
    EXPECT_EQ(
        reset({scoped(Role::global_administrator, seattle)}, person_in({seattle})), "no_role"
    );
}

TEST(Decision, AUnitRoleReachesDirectMembersOnly) {
    EXPECT_EQ(
        reset({scoped(Role::helpdesk_administrator, seattle)}, person_in({seattle, portland})),
        "allowed"
    );
    EXPECT_EQ(
        reset({scoped(Role::helpdesk_administrator, seattle)}, person_in({portland})),
        "outside_scope"
    );
    EXPECT_EQ(
        reset({scoped(Role::helpdesk_administrator, seattle)}, person_in({})), "outside_scope"
    );
}

TEST(Decision, ATenantRoleReachesEverybodyOutsideRestrictedUnits) {
    EXPECT_EQ(reset({tenant(Role::password_administrator)}, person_in({})), "allowed");
    EXPECT_EQ(reset({tenant(Role::password_administrator)}, person_in({portland})), "allowed");
}

TEST(Decision, AUnitRoleNeverActsOnARoleHolder) {
    // For the whole organisation the grid would allow it.
    EXPECT_EQ(
        reset({tenant(Role::helpdesk_administrator)}, admin(Role::helpdesk_administrator)),
        "allowed"
    );
    EXPECT_EQ(
        reset({scoped(Role::helpdesk_administrator, seattle)}, admin(Role::helpdesk_administrator)),
        "protected_target"
    );
    EXPECT_EQ(
        reset({scoped(Role::user_administrator, seattle)}, admin(Role::directory_readers)),
        "protected_target"
    );
}

TEST(Decision, EveryRoleOfTheTargetMustBeAllowed) {
    Target target = admin(Role::password_administrator);
    EXPECT_EQ(reset({tenant(Role::helpdesk_administrator)}, target), "allowed");
    target.roles.push_back(tenant(Role::authentication_administrator, 91));
    EXPECT_EQ(reset({tenant(Role::helpdesk_administrator)}, target), "role_not_sufficient");
    EXPECT_EQ(reset({tenant(Role::authentication_administrator)}, target), "allowed");
    EXPECT_EQ(reset({tenant(Role::global_administrator)}, target), "allowed");
}

TEST(Decision, ASecondAssignmentMaySuffice) {
    EXPECT_EQ(
        reset(
            {scoped(Role::helpdesk_administrator, seattle), tenant(Role::user_administrator)},
            admin(Role::helpdesk_administrator)
        ),
        "allowed"
    );
}

TEST(Decision, MembersOfRoleAssignableGroupsAreForTheStrongestOnly) {
    Target target = person_in({seattle});
    target.protected_by_role_assignable_group = true;
    for (const Role role : all_roles()) {
        if (!is_acting_role(Action::reset_password, role)) {
            continue;
        }
        EXPECT_EQ(
            reset({tenant(role)}, target), acts_on_everybody(role) ? "allowed" : "protected_target"
        ) << name_of(role);
    }
    EXPECT_EQ(
        reset({scoped(Role::privileged_authentication_administrator, seattle)}, target),
        "protected_target"
    );
}

TEST(Decision, HoldersOfARestrictedUnitRoleAreForTheStrongestOnly) {
    Target target = person_in({});
    target.roles = {{id_of(70), Role::password_administrator, vault, true}};
    EXPECT_EQ(reset({tenant(Role::user_administrator)}, target), "protected_target");
    EXPECT_EQ(reset({tenant(Role::privileged_authentication_administrator)}, target), "allowed");
}

TEST(Decision, ARestrictedUnitObeysOnlyItsOwnAdministrators) {
    Target target = person_in({seattle});
    target.restricted_units = {vault};
    EXPECT_EQ(reset({tenant(Role::global_administrator)}, target), "restricted_unit");
    EXPECT_EQ(reset({scoped(Role::helpdesk_administrator, seattle)}, target), "restricted_unit");
    EXPECT_EQ(reset({{id_of(71), Role::helpdesk_administrator, vault, true}}, target), "allowed");
}

TEST(Decision, AGlobalAdministratorInARestrictedUnitIsOutOfEverybodysReach) {
    Target target = admin(Role::global_administrator);
    target.restricted_units = {vault};
    EXPECT_EQ(
        reset(
            {tenant(Role::global_administrator),
             {id_of(71), Role::privileged_authentication_administrator, vault, true}},
            target
        ),
        "protected_target"
    );
}

TEST(Decision, EveryRefusalIsASentence) {
    const auto decision = decide(
        Action::reset_password, {{tenant(Role::helpdesk_administrator)}},
        admin(Role::authentication_administrator)
    );
    ASSERT_FALSE(decision);
    EXPECT_EQ(decision.error().kind, ErrorKind::forbidden);
    EXPECT_EQ(
        decision.error().detail,
        "'Ann' holds the role 'Authentication Administrator'; a Helpdesk Administrator may not "
        "reset the password of "
        "such a person. Ask a stronger administrator."
    );
}

/// The five managers of the demonstration company.
struct Manager {
    const char* name;
    std::vector<Assignment> roles;
    const char* own_unit;
    const char* other_unit;
    const char* phone_in_own_unit;
    const char* other_manager_in_own_unit;
};

TEST(Decision, TheDemonstrationCompanyBehavesAsDescribed) {
    const Uuid own = seattle;
    const std::vector<Manager> managers{
        {"Seattle",
         {scoped(Role::authentication_administrator, own)},
         "allowed",
         "outside_scope",
         "allowed",
         "protected_target"},
        {"Portland",
         {scoped(Role::helpdesk_administrator, own)},
         "allowed",
         "outside_scope",
         "no_role",
         "protected_target"},
        {"Denver",
         {scoped(Role::authentication_administrator, own, 60),
          scoped(Role::helpdesk_administrator, own, 61)},
         "allowed",
         "outside_scope",
         "allowed",
         "protected_target"},
        {"Chicago",
         {scoped(Role::user_administrator, own)},
         "allowed",
         "outside_scope",
         "no_role",
         "protected_target"},
        {"Orlando", {tenant(Role::user_administrator)}, "allowed", "allowed", "no_role", "allowed"},
        {"nobody", {}, "no_role", "no_role", "no_role", "no_role"},
    };
    for (const Manager& manager : managers) {
        SCOPED_TRACE(manager.name);
        Target colleague = person_in({own});
        colleague.roles = {
            manager.roles.empty() ? tenant(Role::user_administrator) : manager.roles.front()};
        EXPECT_EQ(reset(manager.roles, person_in({own})), manager.own_unit);
        EXPECT_EQ(reset(manager.roles, person_in({portland})), manager.other_unit);
        EXPECT_EQ(phone(manager.roles, person_in({own})), manager.phone_in_own_unit);
        EXPECT_EQ(reset(manager.roles, colleague), manager.other_manager_in_own_unit);
    }
}

}  // namespace
}  // namespace bascule::access
