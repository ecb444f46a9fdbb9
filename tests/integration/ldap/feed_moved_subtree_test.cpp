// A container that comes into the scope with everything below it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/dn.hpp"
#include "tests/integration/ldap/feed_runner.hpp"

namespace bascule::ldap {
namespace {

using directory::FeedEnd;
using test::SlapdOptions;
using test::SlapdRig;

std::string people() {
    return "ou=people," + SlapdRig::suffix();
}
std::string elsewhere() {
    return "ou=elsewhere," + SlapdRig::suffix();
}
std::string unit(const std::string& name, const std::string& above) {
    return fmt::format("dn: ou={0},{1}\nobjectClass: organizationalUnit\nou: {0}\n\n", name, above);
}
std::string user(std::size_t number, const std::string& above) {
    return fmt::format(
        "dn: uid=m{0},{1}\nobjectClass: inetOrgPerson\nuid: m{0}\ncn: Moved {0}\nsn: Moved\n\n",
        number, above
    );
}
std::string move(const std::string& dn, const std::string& to) {
    return fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 0\nnewsuperior: {}\n\n", dn,
        dn.substr(0, dn.find(',')), to
    );
}

class FeedMovedSubtree : public ::testing::Test {
  protected:
    /// ou=team with a unit in it and `users` users in each of both, outside the scope.
    void begin(SlapdRig& rig, std::size_t users) {
        const auto team = "ou=team," + elsewhere();
        auto ldif = test::directory_ldif(20, 1) + unit("elsewhere", SlapdRig::suffix()) +
                    unit("team", elsewhere()) + unit("inner", team);
        for (std::size_t i = 0; i < users; ++i) {
            ldif += user(i, team) + user(users + i, "ou=inner," + team);
        }
        users_ = users;
        rig.load_ldif(ldif);
        rig.start();
    }
    static SyncReplOptions options(const SlapdRig& rig) {
        auto options = feed_options(rig);
        options.base = people();
        return options;
    }
    /// How many of the team's entries are known at their place inside the scope.
    [[nodiscard]] std::size_t known(const Seen& seen, const std::string& team) const {
        std::size_t count = 0;
        for (const auto& [anchor, entry] : seen.entries) {
            count += is_at_or_below(entry.dn_key, *dn_key(team)) ? 1 : 0;
        }
        return count;
    }
    [[nodiscard]] std::size_t whole() const { return 2 + 2 * users_; }
    [[nodiscard]] static std::string inside() { return "ou=team," + people(); }
    std::size_t users_ = 0;
};

TEST_F(FeedMovedSubtree, EverythingBelowFollowsBeforeTheCookie) {
    SlapdRig rig;
    begin(rig, 30);
    FeedRunner runner(options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto before = runner.seen();
    rig.modify(move("ou=team," + elsewhere(), people()));
    ASSERT_TRUE(runner.wait([&](const Seen& seen) { return seen.cookie != before.cookie; }));
    const auto seen = runner.seen();
    EXPECT_EQ(known(seen, inside()), whole());
    const auto* entry = seen.by_dn("uid=m31,ou=inner," + inside());
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->anchor.to_string(), rig.entry_uuid(entry->dn));
    EXPECT_EQ(entry->dn_key, *dn_key(entry->dn));
    EXPECT_EQ(entry->csn, rig.values(entry->dn, "entryCSN").at(0));
    for (const auto* name : {"entryUUID", "createTimestamp", "hasSubordinates"}) {
        EXPECT_TRUE(entry->values(name).empty()) << name;
        EXPECT_TRUE(seen.by_dn(inside())->values(name).empty()) << name;
    }
}

TEST_F(FeedMovedSubtree, ContainerMadeFilledAndMovedWithinOneSecondIsRead) {
    SlapdRig rig;
    begin(rig, 0);
    FeedRunner runner(options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto quick = "ou=quick," + elsewhere();
    rig.modify(
        unit("quick", elsewhere()) + user(1, quick) + user(2, quick) + move(quick, people())
    );
    EXPECT_TRUE(runner.wait([&](const Seen& seen) {
        return known(seen, "ou=quick," + people()) == 3;
    }));
}

TEST_F(FeedMovedSubtree, ContainerThatMovesOnIsReadWhereItStands) {
    SlapdRig rig;
    begin(rig, 10);
    FeedRunner runner(options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    runner.hold();
    rig.modify(
        user(90, "ou=d0," + people()) + move("ou=team," + elsewhere(), people()) +
        move(inside(), "ou=d1," + people())
    );
    runner.release();
    EXPECT_TRUE(runner.wait([&](const Seen& seen) {
        return known(seen, "ou=team,ou=d1," + people()) == whole();
    }));
}

TEST_F(FeedMovedSubtree, ContainerThatLeftAgainEndsAsDeleted) {
    SlapdRig rig;
    begin(rig, 10);
    FeedRunner runner(options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto anchor = rig.entry_uuid("ou=team," + elsewhere());
    runner.hold();
    rig.modify(
        user(90, "ou=d0," + people()) + move("ou=team," + elsewhere(), people()) +
        move(inside(), elsewhere()) + user(91, "ou=d0," + people())
    );
    runner.release();
    ASSERT_TRUE(runner.wait([&](const Seen& seen) {
        return seen.by_dn("uid=m91,ou=d0," + people()) != nullptr;
    }));
    EXPECT_THAT(runner.seen().deleted, ::testing::Contains(anchor));
}

TEST_F(FeedMovedSubtree, LeafAndChangedContainerAreNotSearched) {
    SlapdRig rig;
    begin(rig, 1);
    FeedRunner runner(options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto before = runner.seen().changes.size();
    rig.set("ou=d1," + people(), "description", "changed");
    rig.modify(user(90, "ou=d0," + people()));
    ASSERT_TRUE(runner.wait([&](const Seen& seen) {
        return seen.by_dn("uid=m90,ou=d0," + people()) != nullptr;
    }));
    EXPECT_EQ(runner.seen().changes.size(), before + 2);
}

TEST_F(FeedMovedSubtree, HiddenSubordinatesFallBackToTheTimeOfCreation) {
    SlapdRig rig;
    begin(rig, 5);
    auto access = SlapdRig::default_access();
    access.insert(access.begin(), "to attrs=hasSubordinates by * none");
    rig.change_access(access);
    // The container is older than the second in which it is moved.
    const auto created = rig.values("ou=team," + elsewhere(), "createTimestamp").at(0);
    FeedRunner runner(options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    std::string stamp = created;
    for (int i = 0; stamp.substr(0, 14) <= created.substr(0, 14) && i < 500; ++i) {
        rig.set("ou=services," + SlapdRig::suffix(), "description", fmt::format("{}", i));
        stamp = rig.values("ou=services," + SlapdRig::suffix(), "entryCSN").at(0);
    }
    rig.modify(move("ou=team," + elsewhere(), people()));
    EXPECT_TRUE(runner.wait([&](const Seen& seen) { return known(seen, inside()) == whole(); }));
}

TEST_F(FeedMovedSubtree, ErrorBelowEndsTheRunBeforeItsCookie) {
    SlapdRig rig;
    begin(rig, 5);
    FeedRunner runner(options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto before = runner.seen().cookie;
    auto access = SlapdRig::default_access();
    access.insert(access.begin(), "to attrs=entryUUID by * none");
    rig.change_access(access);
    rig.modify(move("ou=team," + elsewhere(), people()));
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::disconnected);
    EXPECT_EQ(result.error.code, "directory_protocol");
    EXPECT_EQ(runner.seen().cookie, before);
    rig.change_access(SlapdRig::default_access());
    FeedRunner again(options(rig), before);
    ASSERT_TRUE(again.wait_refreshed());
    EXPECT_EQ(known(again.seen(), inside()), whole());
}

/// With and without a session log: delete phase and present phase.
class FeedMovedWhileAway : public FeedMovedSubtree,
                           public ::testing::WithParamInterface<std::size_t> {};

TEST_P(FeedMovedWhileAway, IsReadInTheRefreshFromTheCookie) {
    SlapdOptions slapd;
    slapd.session_log = GetParam();
    SlapdRig rig(slapd);
    begin(rig, 20);
    std::string cookie;
    {
        FeedRunner runner(options(rig));
        ASSERT_TRUE(runner.wait_refreshed());
        runner.stop();
        cookie = runner.seen().cookie;
    }
    rig.modify(move("ou=team," + elsewhere(), people()));
    FeedRunner again(options(rig), cookie);
    ASSERT_TRUE(again.wait_refreshed());
    EXPECT_EQ(known(again.seen(), inside()), whole());
}

INSTANTIATE_TEST_SUITE_P(SessionLog, FeedMovedWhileAway, ::testing::Values(100U, 0U));

}  // namespace
}  // namespace bascule::ldap
