// Rights that are taken away while a stream runs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::size_t users = 200;

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

class LiveRights : public testing::Test {
  protected:
    void SetUp() override {
        slapd.load_ldif(directory_ldif(users, 2));
        slapd.start();
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
    MirrorRig mirror{slapd};
};

/// slapd tells nothing of what it may not show.
TEST_F(LiveRights, PeopleWhoBecomeInvisibleStay) {
    hide("filter=(objectClass=inetOrgPerson)");
    slapd.modify(touch_all("Unseen"));
    slapd.modify(group_ldif("later", 3));
    ASSERT_TRUE(MirrorRig::wait([&] { return !mirror.document(group_dn("later")).empty(); }));
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_EQ(mirror.status().objects, users + 3);
    slapd.change_access(SlapdRig::default_access());
    slapd.modify(touch_all("Seen"));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// A new stream is told who is there.
TEST_F(LiveRights, PeopleWhoAreInvisibleToTheNextStreamAreHeld) {
    hide("filter=(objectClass=inetOrgPerson)");
    slapd.set(user_dn(0), "title", "Unseen");
    slapd.restart();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= users; }))
        << mirror.status().last_error;
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_FALSE(mirror.document(user_dn(7)).empty());
    slapd.change_access(SlapdRig::default_access());
    slapd.modify(touch_all("Seen"));
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().held == 0; }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// A few may lose an attribute; the others keep it.
TEST_F(LiveRights, AttributeThatBecomesInvisibleStays) {
    hide("attrs=mail");
    slapd.modify(touch_all("Unseen"));
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= users - 25; }));
    std::size_t keep = 0;
    for (std::size_t user = 0; user < users; ++user) {
        keep += mirror.document(user_dn(user)).find("emails") != std::string::npos ? 1 : 0;
    }
    EXPECT_GE(keep, users - 25);
    slapd.change_access(SlapdRig::default_access());
    slapd.modify(touch_all("Seen"));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.status().held, 0U);
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// "unchecked" counts what a search would have to look at, before anything is sent.
TEST(UncheckedLimit, IsToldWhenItAppliesAndTakesNothingAway) {
    SlapdOptions options;
    options.session_log = 0;
    SlapdRig slapd(options);
    slapd.load_ldif(directory_ldif(60, 2));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    mirror.stop();
    slapd.modify("dn: " + user_dn(5) + "\nchangetype: delete\n");
    slapd.stop();
    slapd.configure_database({}, "unlimited size.unchecked=20");
    slapd.start();
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "degraded"; }));
    EXPECT_THAT(mirror.status().last_error, StartsWith("directory_limit"));
    EXPECT_THAT(mirror.status().last_error, HasSubstr("olcLimits"));
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_EQ(mirror.status().objects, 62U);
    mirror.stop();
    slapd.stop();
    slapd.configure_database({});
    slapd.start();
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 1U);
}

}  // namespace
}  // namespace bascule::test
