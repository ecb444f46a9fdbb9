#include "directory/access/access_resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::access {
namespace {

using directory::EdgeKind;
using test::value_of;

struct Resolver : testing::Test {
    test::Company company;
    AccessResolver resolver{company.store().registry()};
    Uuid ann = company.add_user("ann");
    Uuid boss = company.add_user("boss");

    std::vector<Assignment> assignments_of(const Uuid& principal) {
        std::vector<Assignment> found;
        test::require(company.store().read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(found, resolver.assignments_of(reader, principal));
            return {};
        }));
        return found;
    }
    Target target(const Uuid& user) {
        Target found;
        test::require(company.store().read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(found, resolver.target(reader, value_of(reader.find_any(user))->row, boss));
            return {};
        }));
        return found;
    }
};

TEST_F(Resolver, ReadsRoleAndScope) {
    const Uuid seattle = company.add_unit("Seattle");
    company.assign("Helpdesk Administrator", boss, seattle);
    company.assign("Reports Reader", boss);
    auto found = assignments_of(boss);
    ASSERT_EQ(found.size(), 2U);
    std::ranges::sort(found, {}, &Assignment::role);
    EXPECT_EQ(found[0].role, Role::helpdesk_administrator);
    EXPECT_EQ(found[0].unit, seattle);
    EXPECT_EQ(found[1].role, Role::reports_reader);
    EXPECT_EQ(found[1].unit, std::nullopt);
    EXPECT_TRUE(assignments_of(ann).empty());
}

TEST_F(Resolver, AnUnknownRoleProtectsItsHolderAndGivesNothing) {
    company.assign("Emperor", ann);
    EXPECT_EQ(assignments_of(ann).at(0).role, Role::other);
    EXPECT_FALSE(is_acting_role(Action::reset_password, Role::other));
}

TEST_F(Resolver, ARoleForAUnitThatIsGoneIsNoRoleForEverything) {
    const Uuid seattle = company.add_unit("Seattle");
    company.assign("Helpdesk Administrator", boss, seattle);
    company.remove(seattle);
    EXPECT_TRUE(assignments_of(boss).empty());
}

TEST_F(Resolver, ATakenRoleCountsNoMoreAtOnce) {
    const Uuid assignment = company.assign("Helpdesk Administrator", boss);
    EXPECT_EQ(assignments_of(boss).size(), 1U);
    company.remove(assignment);
    EXPECT_TRUE(assignments_of(boss).empty());
}

TEST_F(Resolver, MembersOfRoleAssignableGroupsInheritAndOwnersAreProtected) {
    const Uuid group = company.add_group("helpers", directory::SourceId::local, true);
    company.assign("Helpdesk Administrator", group);
    company.link(EdgeKind::member, group, ann);
    const Uuid owner = company.add_user("owner");
    company.link(EdgeKind::owner, group, owner);
    EXPECT_EQ(assignments_of(ann).size(), 1U);
    EXPECT_TRUE(assignments_of(owner).empty());
    EXPECT_TRUE(target(ann).protected_by_role_assignable_group);
    EXPECT_TRUE(target(owner).protected_by_role_assignable_group);
    EXPECT_EQ(target(ann).roles.size(), 1U);
}

TEST_F(Resolver, OrdinaryAndSyncedGroupsGiveNoRole) {
    const Uuid ordinary = company.add_group("ordinary");
    const Uuid synced = company.add_group("synced", company.corp, true);
    for (const Uuid& group : {ordinary, synced}) {
        company.assign("Global Administrator", group);
        company.link(EdgeKind::member, group, ann);
    }
    EXPECT_TRUE(assignments_of(ann).empty());
    EXPECT_FALSE(target(ann).protected_by_role_assignable_group);
}

TEST_F(Resolver, KnowsDirectAndRestrictedUnitsButNotThoseOfGroups) {
    const Uuid seattle = company.add_unit("Seattle");
    const Uuid vault = company.add_unit("Vault", true);
    const Uuid portland = company.add_unit("Portland");
    const Uuid group = company.add_group("staff");
    company.link(EdgeKind::unit_member, seattle, ann);
    company.link(EdgeKind::unit_member, vault, ann);
    company.link(EdgeKind::unit_member, portland, group);
    company.link(EdgeKind::member, group, ann);
    const Target found = target(ann);
    EXPECT_EQ(found.direct_units, std::vector<Uuid>{seattle});
    EXPECT_EQ(found.restricted_units, std::vector<Uuid>{vault});
}

TEST_F(Resolver, MarksRolesForRestrictedUnits) {
    const Uuid vault = company.add_unit("Vault", true);
    company.assign("Helpdesk Administrator", ann, vault);
    EXPECT_TRUE(target(ann).roles.at(0).unit_restricted);
}

TEST_F(Resolver, KnowsTheActorAndTheDeleted) {
    EXPECT_TRUE(target(boss).is_self);
    company.remove(ann);
    EXPECT_TRUE(target(ann).deleted);
}

}  // namespace
}  // namespace bascule::access
