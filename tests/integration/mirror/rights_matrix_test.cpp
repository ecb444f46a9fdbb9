// Rights, limits and overlays that change what a mirror is told.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> access_with(std::vector<std::string> rules) {
    const auto others = SlapdRig::default_access();
    rules.insert(rules.end(), others.begin(), others.end());
    return rules;
}

std::string hidden_from_service(const std::string& what) {
    return fmt::format("to {} by dn.exact=\"{}\" none by * break", what, SlapdRig::service_dn());
}

TEST(RightsMatrix, LimitThatComesLaterTakesNothingAway) {
    SlapdOptions options;
    options.session_log = 0;
    SlapdRig slapd(options);
    slapd.load_ldif(directory_ldif(600, 2));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    mirror.stop();
    slapd.set(user_dn(5), "title", "Missed");
    slapd.stop();
    slapd.configure_database({}, "100");
    slapd.start();
    mirror.store_cookie("");
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "degraded"; }));
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_EQ(mirror.status().objects, 602U);
    mirror.stop();
    slapd.stop();
    slapd.configure_database({});
    slapd.start();
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_EQ(mirror.status().objects, 602U);
}

TEST(RightsMatrix, PeopleWhoBecomeInvisibleAreHeld) {
    SlapdRig slapd;
    slapd.load_ldif(directory_ldif(200, 2));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    slapd.change_access(access_with({hidden_from_service("filter=(objectClass=inetOrgPerson)")}));
    mirror.stop();
    mirror.store_cookie("");
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= 200; }));
    EXPECT_EQ(mirror.deletes(), 0U);
    slapd.change_access(SlapdRig::default_access());
    mirror.stop();
    mirror.store_cookie("");
    mirror.start();
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().held == 0; }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST(RightsMatrix, AttributeThatBecomesInvisibleIsHeld) {
    SlapdRig slapd;
    slapd.load_ldif(directory_ldif(200, 0));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    ASSERT_THAT(mirror.document(user_dn(7)), HasSubstr("emails"));
    slapd.change_access(access_with({hidden_from_service("attrs=mail")}));
    mirror.stop();
    mirror.store_cookie("");
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= 200; }));
    EXPECT_THAT(mirror.document(user_dn(7)), HasSubstr("emails"));
    slapd.change_access(SlapdRig::default_access());
    mirror.stop();
    mirror.store_cookie("");
    mirror.start();
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().held == 0; }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// A large group that loses most of its members at once, while the mirror follows and while it does
/// not.
class LostMembers : public testing::TestWithParam<bool> {
  protected:
    static constexpr std::size_t all = 60;
    static std::string only(std::size_t count) {
        std::string ldif =
            fmt::format("dn: {}\nchangetype: modify\nreplace: member\n", group_dn("large"));
        for (std::size_t user = 0; user < count; ++user)
            ldif += "member: " + user_dn(user) + "\n";
        return ldif;
    }
    void change(const std::string& ldif) {
        if (!GetParam())
            mirror.stop();
        slapd.modify(ldif);
        if (!GetParam())
            mirror.start();
    }
    SlapdRig slapd;
    MirrorRig mirror{slapd};
};
INSTANTIATE_TEST_SUITE_P(Live, LostMembers, testing::Bool());

TEST_P(LostMembers, AreHeldUntilTheyAreMembersAgain) {
    slapd.load_ldif(directory_ldif(all) + group_ldif("large", all));
    slapd.start();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    ASSERT_THAT(mirror.members(group_dn("large")), SizeIs(all));
    change(only(10));
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held == all - 10; }));
    EXPECT_THAT(mirror.members(group_dn("large")), SizeIs(all));
    // Everything else goes on.
    slapd.set(user_dn(3), "title", "Meanwhile");
    EXPECT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(3)).find("Meanwhile") != std::string::npos;
    }));
    EXPECT_THAT(mirror.members(group_dn("large")), SizeIs(all));
    change(only(all));
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().held == 0; }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members(group_dn("large")), SizeIs(all));
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// With and without the overlay that repairs references to who was renamed or deleted.
class Integrity : public testing::TestWithParam<bool> {
  protected:
    static SlapdOptions options() {
        SlapdOptions options;
        if (GetParam()) {
            options.global_lines = "moduleload refint.so";
            options.overlay_lines =
                "overlay refint\nrefint_attributes member\nrefint_nothing cn=nobody";
        }
        return options;
    }
    void SetUp() override {
        slapd.load_ldif(directory_ldif(12, 2));
        slapd.start();
        mirror.start();
        ASSERT_TRUE(mirror.wait_live());
        ASSERT_THAT(mirror.members(group_dn("g0001")), SizeIs(6));
    }
    SlapdRig slapd{options()};
    MirrorRig mirror{slapd, open_limits()};
};

TEST_P(Integrity, RenamedMemberStaysAMember) {
    slapd.modify(fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1\n", user_dn(3)
    ));
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document("uid=renamed,ou=d3,ou=people," + SlapdRig::suffix())
                   .find("renamed") != std::string::npos;
    }));
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(6));
    if (!GetParam()) {
        // Until somebody mends it, the group names nobody for who reads it alone.
        slapd.modify(fmt::format(
            "dn: {}\nchangetype: modify\ndelete: member\nmember: {}\n-\nadd: member\n"
            "member: uid=renamed,ou=d3,ou=people,{}\n",
            group_dn("g0001"), user_dn(3), SlapdRig::suffix()
        ));
    }
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(6));
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_P(Integrity, WhoIsMadeAnewAtTheSameDnIsSomebodyElse) {
    const std::string ldif = users_ldif({1, 3});
    slapd.modify(fmt::format("dn: {}\nchangetype: delete\n\n", user_dn(3)) + ldif);
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.deletes() == 1 && !mirror.document(user_dn(3)).empty();
    }));
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(5));
    if (!GetParam()) {
        // The group goes on naming the DN, which is somebody else's now.
        slapd.modify(fmt::format(
            "dn: {}\nchangetype: modify\ndelete: member\nmember: {}\n", group_dn("g0001"),
            user_dn(3)
        ));
    }
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(5));
    EXPECT_EQ(mirror.deletes(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Refint, Integrity, testing::Bool());

TEST(OverlayMatrix, MemberofIsReadFromTheGroups) {
    SlapdRig slapd(SlapdOptions{.memberof = true});
    slapd.load_ldif(directory_ldif(10, 2));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    slapd.modify(fmt::format(
        "dn: {}\nchangetype: modify\nadd: member\nmember: {}\n", group_dn("g0000"), user_dn(3)
    ));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.groups_of(user_dn(3)), testing::UnorderedElementsAre("g0000", "g0001"));
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST(OverlayMatrix, StormOfSignInsThatTheServerNotesWritesNothing) {
    SlapdRig slapd(SlapdOptions{.database_lines = "lastbind on"});
    slapd.load_ldif(directory_ldif(5, 0));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    const auto before = mirror.last_sequence();
    const auto received = mirror.status().received;
    for (std::size_t round = 0; round < 20; ++round)
        EXPECT_EQ(slapd.bind(user_dn(round % 5), user_password), 0);
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().received >= received + 5; }));
    slapd.set(user_dn(1), "title", "last");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(1)).find("last") != std::string::npos;
    }));
    EXPECT_EQ(mirror.last_sequence(), before + 1);
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

}  // namespace
}  // namespace bascule::test
