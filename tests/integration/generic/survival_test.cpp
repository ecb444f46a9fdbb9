// What a mirror survives that follows slapd by looking for changes; each ends in an exact
// comparison and the count of removals.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/connections/provider_pair.hpp"
#include "tests/integration/generic/old_stamps.hpp"
#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t users = 60;

std::string remove(const std::string& dn) {
    return fmt::format("dn: {}\nchangetype: delete\n\n", dn);
}

/// Every user gets another title, in one go.
std::string touch_all(const std::string& title) {
    std::string ldif;
    for (std::size_t user = 0; user < users; ++user) {
        ldif += fmt::format(
            "dn: {}\nchangetype: modify\nreplace: title\ntitle: {}\n\n", user_dn(user), title
        );
    }
    return ldif;
}

MirrorSetup looking(MirrorSetup setup) {
    setup.dialect = ldap::Dialect::generic;
    setup.source.polling.interval = milliseconds(50);
    setup.source.polling.audit = milliseconds(200);
    return setup;
}

class GenericSurvival : public testing::Test {
  protected:
    explicit GenericSurvival(SlapdOptions options = {.syncprov = false})
        : slapd(std::move(options)) {
        slapd.load_ldif(with_old_stamps(directory_ldif(users, 2)));
        slapd.start();
    }
    static void begin(MirrorRig& mirror) {
        mirror.start();
        ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
        ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    }
    void hide(const std::string& what) {
        auto rules = SlapdRig::default_access();
        rules.insert(
            rules.begin(),
            fmt::format("to {} by dn.exact=\"{}\" none by * break", what, SlapdRig::service_dn())
        );
        slapd.change_access(rules);
    }
    SlapdRig slapd;
};

TEST_F(GenericSurvival, PeopleWhoBecomeInvisibleAreHeld) {
    MirrorRig mirror(looking(slapd_setup(slapd)));
    begin(mirror);
    hide("filter=(objectClass=inetOrgPerson)");
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= users; }))
        << mirror.status().last_error;
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_EQ(mirror.status().objects, users + 2);
    EXPECT_THAT(mirror.document(user_dn(7)), HasSubstr("userName"));
    slapd.change_access(SlapdRig::default_access());
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().held == 0; }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// A few may lose an attribute; the others keep it.
TEST_F(GenericSurvival, AttributeThatBecomesInvisibleIsHeld) {
    MirrorRig mirror(looking(slapd_setup(slapd)));
    begin(mirror);
    hide("attrs=mail");
    slapd.modify(touch_all("Unseen"));
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= users - 25; }));
    std::size_t keep = 0;
    for (std::size_t user = 0; user < users; ++user)
        keep += mirror.document(user_dn(user)).find("emails") != std::string::npos ? 1 : 0;
    EXPECT_GE(keep, users - 25);
    slapd.change_access(SlapdRig::default_access());
    slapd.modify(touch_all("Seen"));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().held == 0; }));
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(GenericSurvival, WhoIsMadeAnewAtTheSameDnIsSomebodyElse) {
    MirrorRig mirror(looking(slapd_setup(slapd, open_limits())));
    begin(mirror);
    const auto members = mirror.members(group_dn("g0001")).size();
    std::size_t gone = 0;
    for (const bool live : {true, false}) {
        const std::size_t user = live ? 3 : 5;
        const auto of_old = mirror.entry(user_dn(user))->anchor;
        if (!live)
            mirror.stop();
        slapd.modify(remove(user_dn(user)) + users_ldif({.count = 1, .first = user}));
        if (!live)
            mirror.start();
        ++gone;
        ASSERT_TRUE(MirrorRig::wait([&] {
            return mirror.deletes() == gone && !mirror.document(user_dn(user)).empty();
        }));
        EXPECT_NE(mirror.entry(user_dn(user))->anchor, of_old);
    }
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(members - 2));
    // The group goes on naming the two DNs, which are somebody else's now.
    slapd.modify(fmt::format(
        "dn: {}\nchangetype: modify\ndelete: member\nmember: {}\nmember: {}\n", group_dn("g0001"),
        user_dn(3), user_dn(5)
    ));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

/// Stamps are only compared with the server's own.
class GenericShiftedClock : public GenericSurvival,
                            public testing::WithParamInterface<const char*> {
  protected:
    GenericShiftedClock()
        : GenericSurvival(
              {.syncprov = false, .clock_shift = clock_can_be_shifted() ? GetParam() : ""}
          ) {}
};
INSTANTIATE_TEST_SUITE_P(Hour, GenericShiftedClock, testing::Values("+1h", "-1h"));

TEST_P(GenericShiftedClock, ChangesNothing) {
    if (!clock_can_be_shifted())
        GTEST_SKIP() << "Install the package faketime.";
    MirrorRig mirror(looking(slapd_setup(slapd, open_limits())));
    begin(mirror);
    slapd.modify(
        "dn: " + user_dn(3) + "\nchangetype: modify\nreplace: title\ntitle: Shifted\n\n" +
        remove(user_dn(10))
    );
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 1U);
    mirror.stop();
    slapd.set(user_dn(4), "title", "Away");
    slapd.modify(remove(user_dn(11)));
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

/// Two servers that replicate each other.
TEST(GenericFailover, GoesOnAtTheOtherServerAndStaysExact) {
    ProviderPair pair(directory_ldif(users, 2));
    auto setup = looking(pair.mirror_setup());
    setup.limits = open_limits();
    const auto reach = setup.source.connection.reach;
    MirrorRig mirror(std::move(setup));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    ASSERT_EQ(reach->view().server, pair.first().ldap_uri());
    pair.first().kill();
    pair.second().set(user_dn(7), "title", "At the second");
    pair.second().modify(remove(user_dn(8)));
    ASSERT_TRUE(MirrorRig::wait([&] { return reach->view().server == pair.second().ldap_uri(); }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.document(user_dn(7)), HasSubstr("At the second"));
    EXPECT_EQ(mirror.deletes(), 1U);
    pair.first().start();
    pair.wait_in_step();
    pair.first().set(user_dn(9), "title", "At the first");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(9)).find("At the first") != std::string::npos;
    }));
    pair.wait_in_step();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 1U);
}

}  // namespace
}  // namespace bascule::test
