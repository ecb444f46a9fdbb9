#include "directory/mirror/mirror_engine.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "directory/base/json_text.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::EdgeKind;
using directory::EntryState;
using directory::SourceEntry;
using test::MirrorWorld;
using test::uuid_of;

constexpr unsigned base = 1, people = 2, groups = 3;

std::string dn_of(unsigned number) {
    return fmt::format("uid=u{},ou=people,dc=example,dc=com", number);
}

SourceEntry entry_of(unsigned anchor, const std::string& text) {
    SourceEntry entry = test::parse_entry(text);
    entry.anchor = uuid_of(anchor);
    return entry;
}

SourceEntry user(unsigned number, const std::string& more = {}, const std::string& uid = {}) {
    return entry_of(
        number, fmt::format(
                    "dn: {}\nobjectClass: inetOrgPerson\nuid: {}\ncn: User {}\nsn: x\n{}",
                    dn_of(number), uid.empty() ? fmt::format("u{}", number) : uid, number, more
                )
    );
}

SourceEntry group(unsigned number, const std::vector<unsigned>& members) {
    std::string text = fmt::format(
        "dn: cn=g{0},ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\ncn: g{0}\n", number
    );
    for (const unsigned member : members)
        text += "member: " + dn_of(member) + "\n";
    return entry_of(number, text);
}

std::vector<SourceEntry> containers() {
    return {
        entry_of(base, "dn: dc=example,dc=com\nobjectClass: domain\n"),
        entry_of(people, "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\n"),
        entry_of(groups, "dn: ou=groups,dc=example,dc=com\nobjectClass: organizationalUnit\n"),
    };
}

class MirrorEngineTest : public testing::Test {
  protected:
    void snapshot(const std::vector<SourceEntry>& entries, const std::string& cookie = "c1") {
        ok(engine().refresh_started(false));
        for (const SourceEntry& entry : entries)
            ok(engine().changed(entry));
        ok(engine().refresh_done(AbsenceProof::snapshot, cookie));
    }
    void users_and_group(unsigned count) {
        all = containers();
        std::vector<unsigned> members;
        for (unsigned number = 100; number < 100 + count; ++number) {
            all.push_back(user(number));
            members.push_back(number);
        }
        all.push_back(group(50, members));
        snapshot(all);
    }
    void live(const SourceEntry& entry) {
        ok(engine().changed(entry));
        ok(engine().cookie(fmt::format("c{}", ++cookies)));
        ok(engine().idle());
    }
    void gone(unsigned anchor) {
        ok(engine().deleted({uuid_of(anchor)}));
        ok(engine().idle());
    }
    static void ok(const Status& status) {
        ASSERT_TRUE(status) << status.error().code << status.error().detail
                            << status.error().context;
    }
    MirrorEngine& engine() { return *world.engine; }

    MirrorWorld world;
    std::vector<SourceEntry> all;
    int cookies = 1;
};

TEST_F(MirrorEngineTest, FirstLoadMakesUsersGroupsAndOneRecord) {
    users_and_group(30);
    const auto anna = world.object(uuid_of(100));
    ASSERT_TRUE(anna);
    EXPECT_EQ(anna->row.id, object_id("corp", uuid_of(100)));
    EXPECT_THAT(
        anna->body, testing::StartsWith(
                        "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"" +
                        anna->row.id.to_string() + "\",\"externalId\":"
                    )
    );
    EXPECT_EQ(json_text_member(anna->body, "userName"), "u100");
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 30U);
    EXPECT_EQ(world.journal().size(), 1U);
    EXPECT_EQ(world.engine->state().cookie, "c1");
    EXPECT_FALSE(world.served(uuid_of(people)));
}

TEST_F(MirrorEngineTest, UnchangedEntriesWriteNothing) {
    users_and_group(30);
    const auto records = world.journal().size();
    const auto version = world.object(uuid_of(100))->row.version;
    for (int round = 0; round < 3; ++round) {
        for (SourceEntry entry : all) {
            entry.csn = fmt::format("csn{}", round);
            live(entry);
        }
    }
    EXPECT_EQ(world.journal().size(), records);
    EXPECT_EQ(world.object(uuid_of(100))->row.version, version);
    EXPECT_EQ(engine().counters().updated.load(), 0U);
}

TEST_F(MirrorEngineTest, ChangeIsWrittenWithItsCookieAndRecord) {
    users_and_group(3);
    live(user(100, "title: Boss\n"));
    EXPECT_EQ(json_text_member(world.object(uuid_of(100))->body, "title"), "Boss");
    EXPECT_EQ(engine().state().cookie, "c2");
    const auto records = world.journal();
    EXPECT_EQ(records.back().activity, "Update user");
    EXPECT_EQ(records.back().details.at(0).second, "title");
}

TEST_F(MirrorEngineTest, MembersChangeByDifference) {
    users_and_group(5);
    live(user(200));
    live(group(50, {100, 101, 102, 103, 200}));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 5U);
    const auto records = world.journal();
    EXPECT_EQ(records[records.size() - 2].activity, "Remove member from group");
    EXPECT_EQ(records[records.size() - 2].details.at(0).second, "User 104");
    EXPECT_EQ(records.back().activity, "Add member to group");
}

TEST_F(MirrorEngineTest, MemberThatArrivesLaterJoins) {
    users_and_group(2);
    live(group(51, {100, 300}));
    EXPECT_EQ(world.targets(uuid_of(51)).size(), 1U);
    live(user(300));
    EXPECT_EQ(world.targets(uuid_of(51)).size(), 2U);
    EXPECT_EQ(world.journal().back().activity, "Add member to group");
}

TEST_F(MirrorEngineTest, MemberUidFollowsTheUserName) {
    auto entries = containers();
    entries.push_back(user(100, {}, "Anna"));
    const auto posix = entry_of(
        60,
        "dn: cn=unix,dc=example,dc=com\nobjectClass: posixGroup\ncn: unix\nmemberUid: "
        "anna\nmemberUid: later\n"
    );
    entries.push_back(posix);
    snapshot(entries);
    EXPECT_EQ(world.targets(uuid_of(60)).size(), 1U);
    live(user(101, {}, "later"));
    EXPECT_EQ(world.targets(uuid_of(60)).size(), 2U);
}

TEST_F(MirrorEngineTest, ManagerBecomesAnEdge) {
    users_and_group(2);
    live(user(101, "manager: " + dn_of(100) + "\n"));
    EXPECT_EQ(
        world.targets(uuid_of(101), EdgeKind::manager),
        std::set<Uuid>{object_id("corp", uuid_of(100))}
    );
    live(user(101));
    EXPECT_TRUE(world.targets(uuid_of(101), EdgeKind::manager).empty());
}

TEST_F(MirrorEngineTest, DeletedUserLeavesGroupsAndAnotherAtTheSameDnDoesNotInherit) {
    users_and_group(5);
    gone(100);
    EXPECT_FALSE(world.served(uuid_of(100)));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 4U);
    SourceEntry again = user(100);
    again.anchor = uuid_of(900);
    live(again);
    EXPECT_TRUE(world.served(uuid_of(900)));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 4U);
    EXPECT_NE(world.object(uuid_of(900))->row.id, object_id("corp", uuid_of(100)));
}

TEST_F(MirrorEngineTest, EntryThatReturnsGetsItsIdAndMembershipsBack) {
    users_and_group(5);
    gone(100);
    live(user(100));
    EXPECT_TRUE(world.served(uuid_of(100)));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 5U);
}

TEST_F(MirrorEngineTest, RenamedSubtreeKeepsIdsAndMovesAllBelow) {
    users_and_group(5);
    live(entry_of(people, "dn: ou=staff,dc=example,dc=com\nobjectClass: organizationalUnit\n"));
    EXPECT_EQ(world.entry(uuid_of(102))->dn, "uid=u102,ou=staff,dc=example,dc=com");
    EXPECT_EQ(
        world.entry(uuid_of(102))->dn_key, *ldap::dn_key("uid=u102,ou=staff,dc=example,dc=com")
    );
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 5U);
}

TEST_F(MirrorEngineTest, ContainerThatLeavesTakesItsSubtreeAlong) {
    users_and_group(5);
    gone(people);
    for (unsigned number = 100; number < 105; ++number)
        EXPECT_FALSE(world.served(uuid_of(number)));
    EXPECT_TRUE(world.targets(uuid_of(50)).empty());
}

TEST_F(MirrorEngineTest, DuplicateUserNameWaitsAndHeals) {
    users_and_group(2);
    live(user(200, {}, "u100"));
    auto entry = world.entry(uuid_of(200));
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->state, EntryState::quarantined);
    EXPECT_EQ(entry->reason, "duplicate: userName 'u100' is held by " + dn_of(100));
    EXPECT_EQ(entry->blocked_by, "userName=u100");
    live(user(100, {}, "renamed"));
    EXPECT_EQ(world.entry(uuid_of(200))->state, EntryState::mirrored);
    EXPECT_EQ(json_text_member(world.object(uuid_of(200))->body, "userName"), "u100");
}

TEST_F(MirrorEngineTest, SwappedUserNamesDoNotBlockEachOther) {
    users_and_group(3);
    live(user(100, {}, "u101"));
    EXPECT_EQ(json_text_member(world.object(uuid_of(100))->body, "userName"), "u100");
    live(user(101, {}, "u100"));
    EXPECT_EQ(json_text_member(world.object(uuid_of(100))->body, "userName"), "u101");
    EXPECT_EQ(json_text_member(world.object(uuid_of(101))->body, "userName"), "u100");
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 3U);
}

TEST_F(MirrorEngineTest, EntryThatTurnsBadKeepsItsLastGoodState) {
    users_and_group(2);
    live(entry_of(100, "dn: " + dn_of(100) + "\nobjectClass: inetOrgPerson\ncn: x\nsn: x\n"));
    EXPECT_EQ(world.entry(uuid_of(100))->state, EntryState::quarantined);
    EXPECT_EQ(json_text_member(world.object(uuid_of(100))->body, "userName"), "u100");
    live(user(100));
    EXPECT_EQ(world.entry(uuid_of(100))->state, EntryState::mirrored);
}

TEST_F(MirrorEngineTest, EntryThatStopsMatchingGoesAndComesBack) {
    users_and_group(2);
    live(entry_of(100, "dn: " + dn_of(100) + "\nobjectClass: account\nuid: u100\n"));
    EXPECT_FALSE(world.served(uuid_of(100)));
    EXPECT_EQ(world.entry(uuid_of(100))->state, EntryState::unmatched);
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 1U);
    live(user(100));
    EXPECT_TRUE(world.served(uuid_of(100)));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 2U);
}

TEST_F(MirrorEngineTest, KeepsLocalAttributesBesideMappedOnes) {
    users_and_group(1);
    const auto before = world.object(uuid_of(100));
    ASSERT_TRUE(world.store->write(
        directory::Durability::full,
        [&](directory::Transaction& transaction) -> Status {
            std::string body = before->body;
            body.insert(body.rfind('}'), ",\"nickName\":\"Nick\"");
            BASCULE_TRY(
                const bool changed,
                transaction.update(
                    before->row.oid, body, "{\"nickName\":\"Nick\"}", before->row.display
                )
            );
            EXPECT_TRUE(changed);
            return {};
        }
    ));
    live(user(100, "title: Boss\n"));
    const auto after = world.object(uuid_of(100));
    EXPECT_EQ(json_text_member(after->body, "nickName"), "Nick");
    EXPECT_EQ(json_text_member(after->body, "title"), "Boss");
    EXPECT_LT(after->body.find("nickName"), after->body.find("title"));
}

TEST_F(MirrorEngineTest, EmptiedDirectoryIsHeld) {
    users_and_group(40);
    snapshot({containers()[0]}, "c9");
    EXPECT_TRUE(world.served(uuid_of(100)));
    EXPECT_EQ(world.held().deletes.size(), 41U);
    EXPECT_EQ(world.engine->state().cookie, "c9");
    live(user(100, "title: Back\n"));
    EXPECT_EQ(world.held().deletes.size(), 40U);
    EXPECT_EQ(json_text_member(world.object(uuid_of(100))->body, "title"), "Back");
}

TEST_F(MirrorEngineTest, NothingGoesWithoutProof) {
    users_and_group(40);
    ok(engine().refresh_started(true));
    ok(engine().refresh_done(AbsenceProof::none, "c2"));
    ok(engine().refresh_started(true));
    ok(engine().refresh_done(AbsenceProof::present_phase, "c3"));
    EXPECT_TRUE(world.held().empty());
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 40U);
}

TEST_F(MirrorEngineTest, InterruptedRefreshRemovesNothingAndStoresNoCookie) {
    users_and_group(40);
    ok(engine().refresh_started(false));
    ok(engine().changed(user(100, "title: New\n")));
    ok(engine().close_run(false));
    EXPECT_EQ(engine().state().cookie, "c1");
    EXPECT_TRUE(world.served(uuid_of(120)));
}

TEST_F(MirrorEngineTest, OnlyARunThatWasStoppedInGoodOrderIsNotInterrupted) {
    users_and_group(3);
    EXPECT_TRUE(engine().interrupted());
    ok(engine().close_run(true));
    EXPECT_FALSE(engine().interrupted());
    world.reopen_engine();
    EXPECT_FALSE(engine().interrupted());
    EXPECT_TRUE(is_loaded(engine().state()));

    // The server cannot be reached, or refuses the cookie.
    ok(engine().close_run(false));
    EXPECT_TRUE(engine().interrupted());
    // Being stopped while it still cannot, or within a refresh, is no good order.
    ok(engine().close_run(true));
    EXPECT_TRUE(engine().interrupted());
    ok(engine().refresh_started(true));
    ok(engine().close_run(true));
    EXPECT_TRUE(engine().interrupted());

    // Nor is a refresh without the proof that was due.
    ok(engine().refresh_started(true));
    ok(engine().refresh_done(AbsenceProof::none, "c2"));
    ok(engine().close_run(true));
    world.reopen_engine();
    EXPECT_TRUE(engine().interrupted());
    ok(engine().refresh_started(true));
    ok(engine().present({uuid_of(100)}));
    ok(engine().refresh_done(AbsenceProof::present_phase, "c3"));
    ok(engine().close_run(true));
    EXPECT_FALSE(engine().interrupted());
}

TEST_F(MirrorEngineTest, PresentPhaseProvesAbsence) {
    users_and_group(40);
    ok(engine().refresh_started(true));
    std::vector<Uuid> present;
    for (const SourceEntry& entry : all) {
        if (entry.anchor != uuid_of(105))
            present.push_back(entry.anchor);
    }
    ok(engine().present(present));
    ok(engine().refresh_done(AbsenceProof::present_phase, "c2"));
    EXPECT_FALSE(world.served(uuid_of(105)));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 39U);
}

TEST_F(MirrorEngineTest, LiveDeletesAreCountedOverTime) {
    users_and_group(60);
    for (unsigned number = 100; number < 130; ++number)
        gone(number);
    EXPECT_EQ(world.held().deletes.size(), 5U);
    EXPECT_TRUE(world.served(uuid_of(129)));
    world.clock.time += std::chrono::hours(25);
    gone(140);
    EXPECT_FALSE(world.served(uuid_of(140)));
    EXPECT_TRUE(world.served(uuid_of(129)));
}

TEST_F(MirrorEngineTest, GroupThatLosesMostMembersIsHeldAndAddsFlowOn) {
    users_and_group(40);
    live(user(200));
    live(group(50, {100, 101, 200}));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 41U);
    EXPECT_EQ(world.held().memberships.begin()->second.size(), 38U);
    std::vector<unsigned> most{200};
    for (unsigned number = 100; number < 139; ++number)
        most.push_back(number);
    live(group(50, most));
    EXPECT_EQ(world.held().size(), 1U);
}

TEST_F(MirrorEngineTest, GroupThatLosesMembersOneByOneIsHeldHalfWay) {
    users_and_group(40);
    std::vector<unsigned> members;
    for (unsigned number = 100; number < 140; ++number)
        members.push_back(number);
    while (members.size() > 5) {
        members.pop_back();
        live(group(50, members));
    }
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 20U);
    EXPECT_EQ(world.held().memberships.begin()->second.size(), 15U);
    // After a day the count begins anew; what is held stays so until somebody decides.
    world.clock.time += std::chrono::hours(25);
    members.pop_back();
    live(group(50, members));
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 19U);
    EXPECT_EQ(world.held().memberships.begin()->second.size(), 15U);
}

TEST_F(MirrorEngineTest, MembersWhoComeAndGoAreNotHeld) {
    users_and_group(40);
    std::vector<unsigned> members;
    for (unsigned number = 100; number < 140; ++number)
        members.push_back(number);
    const std::vector<unsigned> without(members.begin(), members.end() - 10);
    for (int round = 0; round < 10; ++round) {
        live(group(50, without));
        live(group(50, members));
    }
    EXPECT_TRUE(world.held().empty());
    EXPECT_EQ(world.targets(uuid_of(50)).size(), 40U);
}

TEST_F(MirrorEngineTest, AttributeThatVanishesOneByOneIsHeld) {
    all = containers();
    for (unsigned number = 100; number < 140; ++number)
        all.push_back(user(number, "title: Boss\nmobile: 1\n"));
    snapshot(all);
    for (unsigned number = 100; number < 130; ++number)
        live(user(number, "mobile: 1\n"));
    EXPECT_FALSE(json_text_member(world.object(uuid_of(124))->body, "title"));
    EXPECT_EQ(json_text_member(world.object(uuid_of(125))->body, "title"), "Boss");
    EXPECT_EQ(world.held().attributes["title"].size(), 5U);
    live(user(125, "title: Chief\nmobile: 1\n"));
    EXPECT_EQ(json_text_member(world.object(uuid_of(125))->body, "title"), "Chief");
    EXPECT_EQ(world.held().attributes["title"].size(), 4U);
    // The value that was kept comes back.
    live(user(126, "title: Boss\nmobile: 1\n"));
    EXPECT_EQ(world.held().attributes["title"].size(), 3U);
    snapshot(all, "c2");
    EXPECT_TRUE(world.held().empty());
    EXPECT_EQ(json_text_member(world.object(uuid_of(129))->body, "title"), "Boss");
}

TEST_F(MirrorEngineTest, RefreshesThatTakeALittleEachAreCountedTogether) {
    users_and_group(60);
    for (unsigned round = 1; round <= 3; ++round) {
        std::vector<SourceEntry> left = containers();
        for (unsigned number = 100 + 10 * round; number < 160; ++number)
            left.push_back(user(number));
        left.push_back(group(50, {159}));
        snapshot(left, fmt::format("r{}", round));
    }
    EXPECT_FALSE(world.served(uuid_of(119)));
    EXPECT_TRUE(world.served(uuid_of(120)));
    EXPECT_EQ(world.held().deletes.size(), 10U);
}

TEST_F(MirrorEngineTest, VanishedAttributeIsHeld) {
    all = containers();
    for (unsigned number = 100; number < 140; ++number)
        all.push_back(user(number, "title: Boss\nmobile: 1\n"));
    snapshot(all);
    std::vector<SourceEntry> next = containers();
    for (unsigned number = 100; number < 140; ++number)
        next.push_back(user(number, number == 100 ? "title: Boss\n" : "mobile: 1\n"));
    snapshot(next, "c2");
    EXPECT_EQ(json_text_member(world.object(uuid_of(120))->body, "title"), "Boss");
    EXPECT_EQ(world.held().attributes.size(), 1U);
    EXPECT_EQ(world.held().attributes["title"].size(), 39U);
    EXPECT_TRUE(json_member(world.object(uuid_of(100))->body, "phoneNumbers").empty());
    live(user(120, "mobile: 2\n"));
    EXPECT_EQ(json_text_member(world.object(uuid_of(120))->body, "title"), "Boss");
}

TEST_F(MirrorEngineTest, CyclesOfGroupsAreKept) {
    users_and_group(1);
    auto nested = group(51, {});
    nested.attributes.push_back(
        {"member", {"cn=g50,ou=groups,dc=example,dc=com", "cn=g51,ou=groups,dc=example,dc=com"}}
    );
    live(nested);
    EXPECT_EQ(world.targets(uuid_of(51)).size(), 2U);
}

}  // namespace
}  // namespace bascule::mirror
