// Changes of members that are told without the group's entry.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "connectors/ldap/dn.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::EdgeKind;
using directory::EntryState;
using directory::MemberChange;
using directory::SourceEntry;
using test::MirrorWorld;
using test::uuid_of;

constexpr unsigned base = 1, people = 2, groups = 3, team = 50;

std::string dn_of(unsigned number) {
    return fmt::format("uid=u{},ou=people,dc=example,dc=com", number);
}

SourceEntry entry_of(unsigned anchor, const std::string& text) {
    SourceEntry entry = test::parse_entry(text);
    entry.anchor = uuid_of(anchor);
    return entry;
}

SourceEntry user(unsigned number) {
    return entry_of(
        number,
        fmt::format(
            "dn: {}\nobjectClass: inetOrgPerson\nuid: u{}\ncn: User\nsn: x\n", dn_of(number), number
        )
    );
}

SourceEntry group(const std::vector<unsigned>& members, const std::string& more = "cn: team\n") {
    std::string text = "dn: cn=team,ou=groups,dc=example,dc=com\nobjectClass: groupOfNames\n";
    for (const unsigned member : members)
        text += "member: " + dn_of(member) + "\n";
    return entry_of(team, text + more);
}

MemberChange::Member member(unsigned number, bool anchor) {
    return {
        dn_of(number), *ldap::dn_key(dn_of(number)),
        anchor ? std::optional(uuid_of(number)) : std::nullopt};
}

std::vector<unsigned> numbers(unsigned from, unsigned count) {
    std::vector<unsigned> out(count);
    for (unsigned index = 0; index < count; ++index)
        out[index] = from + index;
    return out;
}

/// Parameter: whether the server tells the anchors of members.
class MemberChanges : public testing::TestWithParam<bool> {
  protected:
    void snapshot(const std::vector<SourceEntry>& entries) {
        ok(engine().refresh_started(false));
        for (const SourceEntry& entry : entries)
            ok(engine().changed(entry));
        ok(engine().refresh_done(AbsenceProof::snapshot, "c1"));
    }
    /// Users from number 100 on, all in the group.
    void team_of(unsigned count) {
        std::vector<SourceEntry> all{
            entry_of(base, "dn: dc=example,dc=com\nobjectClass: domain\n"),
            entry_of(people, "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\n"),
            entry_of(groups, "dn: ou=groups,dc=example,dc=com\nobjectClass: organizationalUnit\n")};
        for (const unsigned number : numbers(100, count))
            all.push_back(user(number));
        all.push_back(group(numbers(100, count)));
        snapshot(all);
    }
    bool tell(
        const std::vector<unsigned>& added, const std::vector<unsigned>& removed,
        const std::string& attribute = "member"
    ) {
        MemberChange change;
        change.anchor = uuid_of(team);
        change.attribute = attribute;
        for (const unsigned number : added)
            change.added.push_back(member(number, GetParam()));
        for (const unsigned number : removed)
            change.removed.push_back(member(number, GetParam()));
        const auto taken = engine().members_changed(std::move(change));
        EXPECT_TRUE(taken);
        return taken && *taken;
    }
    bool live(const std::vector<unsigned>& added, const std::vector<unsigned>& removed) {
        const bool taken = tell(added, removed);
        ok(engine().cookie(fmt::format("c{}", ++cookies_)));
        ok(engine().idle());
        return taken;
    }
    void live(const SourceEntry& entry) {
        ok(engine().changed(entry));
        ok(engine().idle());
    }
    [[nodiscard]] std::set<Uuid> members() { return world.targets(uuid_of(team)); }
    [[nodiscard]] static std::set<Uuid> ids(const std::vector<unsigned>& wanted) {
        std::set<Uuid> out;
        for (const unsigned number : wanted)
            out.insert(object_id("corp", uuid_of(number)));
        return out;
    }
    static void ok(const Status& status) {
        ASSERT_TRUE(status) << status.error().code << status.error().detail
                            << status.error().context;
    }
    MirrorEngine& engine() { return *world.engine; }

    MirrorWorld world;

  private:
    int cookies_ = 1;
};

TEST_P(MemberChanges, OnlyWhatChangedIsWrittenAndTold) {
    team_of(30);
    live(user(200));
    const auto records = world.journal().size();
    const auto version = world.object(uuid_of(team))->row.version;
    ASSERT_TRUE(live({200}, {100}));
    std::vector<unsigned> wanted = numbers(101, 29);
    wanted.push_back(200);
    EXPECT_EQ(members(), ids(wanted));
    EXPECT_EQ(world.object(uuid_of(team))->row.version, version + 1);
    const auto journal = world.journal();
    ASSERT_EQ(journal.size(), records + 2);
    EXPECT_EQ(journal[records].activity, "Add member to group");
    EXPECT_EQ(journal[records + 1].activity, "Remove member from group");
    EXPECT_EQ(world.engine->state().cookie, "c2");
}

TEST_P(MemberChanges, ToldTwiceOrAfterTheWholeEntryTheyWriteNothing) {
    team_of(30);
    live(user(200));
    ASSERT_TRUE(live({200}, {100}));
    const auto records = world.journal().size();
    const auto version = world.object(uuid_of(team))->row.version;
    ASSERT_TRUE(live({200}, {100}));
    std::vector<unsigned> now = numbers(101, 29);
    now.push_back(200);
    live(group(now));
    ASSERT_TRUE(live({200}, {100}));
    EXPECT_EQ(members(), ids(now));
    EXPECT_EQ(world.journal().size(), records);
    EXPECT_EQ(world.object(uuid_of(team))->row.version, version);
}

TEST_P(MemberChanges, AGroupThatIsNotServedAsItStandsIsWantedWhole) {
    team_of(3);
    EXPECT_FALSE(tell({100}, {}, "description"));
    MemberChange unknown;
    unknown.anchor = uuid_of(51);
    unknown.attribute = "member";
    EXPECT_EQ(engine().members_changed(unknown), false);
    unknown.anchor = uuid_of(100);  // a user
    EXPECT_EQ(engine().members_changed(unknown), false);

    live(group({100, 101}, ""));  // without a name: quarantined, and still served as it was
    ASSERT_EQ(world.entry(uuid_of(team))->state, EntryState::quarantined);
    EXPECT_FALSE(live({102}, {}));
    live(group({100, 101}));
    EXPECT_TRUE(live({102}, {}));

    ok(engine().deleted({uuid_of(team)}));
    EXPECT_FALSE(tell({102}, {}));
    ok(engine().idle());
    EXPECT_FALSE(tell({102}, {}));
}

TEST_P(MemberChanges, OrderWithEntriesIsKept) {
    team_of(3);
    ok(engine().changed(group({100})));
    ASSERT_TRUE(tell({101}, {100}));
    ok(engine().changed(user(200)));
    ASSERT_TRUE(tell({200}, {}));
    ASSERT_TRUE(tell({}, {101}));
    ok(engine().idle());
    EXPECT_EQ(members(), ids({200}));
    ASSERT_TRUE(tell({100}, {200}));
    ok(engine().changed(group({102})));
    ok(engine().idle());
    EXPECT_EQ(members(), ids({102}));
}

TEST_P(MemberChanges, WhoIsNotThereYetJoinsWhenItComes) {
    team_of(3);
    ASSERT_TRUE(live({200, 201}, {}));
    ASSERT_TRUE(live({}, {201}));
    EXPECT_EQ(members(), ids(numbers(100, 3)));
    live(user(200));
    live(user(201));
    EXPECT_EQ(members(), ids({100, 101, 102, 200}));
}

TEST_P(MemberChanges, WhoWasThereDoesNotComeBackAfterLeaving) {
    team_of(3);
    live(entry_of(101, "dn: " + dn_of(101) + "\nobjectClass: account\nuid: u101\n"));
    ASSERT_FALSE(world.served(uuid_of(101)));  // matches no filter, and is waited for
    ASSERT_TRUE(live({}, {101}));
    live(user(101));
    EXPECT_EQ(members(), ids({100, 102}));
}

TEST_P(MemberChanges, WhoLeavesOneByOneIsHeldHalfWay) {
    team_of(40);
    for (unsigned number = 100; number < 135; ++number)
        ASSERT_TRUE(live({}, {number}));
    EXPECT_EQ(members().size(), 20U);
    EXPECT_EQ(world.held().memberships.begin()->second.size(), 15U);
    ASSERT_TRUE(live({130, 100}, {}));  // one that is held, one that has left
    EXPECT_EQ(members().size(), 21U);
    EXPECT_EQ(world.held().memberships.begin()->second.size(), 14U);
}

TEST_P(MemberChanges, ManyWhoLeaveAtOnceAreHeldAndOthersJoin) {
    team_of(40);
    live(user(200));
    ASSERT_TRUE(live({200}, numbers(100, 38)));
    EXPECT_EQ(members().size(), 41U);
    EXPECT_EQ(world.held().memberships.begin()->second, ids(numbers(100, 38)));
}

TEST_P(MemberChanges, InARefreshWhoLeftIsDecidedAtItsEnd) {
    team_of(40);
    ok(engine().refresh_started(true));
    ASSERT_EQ(tell({}, numbers(100, 2)), GetParam());  // by DN alone it would be a guess
    if (!GetParam())
        return;
    ASSERT_TRUE(tell({101}, {}));
    ASSERT_TRUE(tell({}, {102}));
    ok(engine().idle());
    EXPECT_EQ(members().size(), 40U);
    ok(engine().refresh_done(AbsenceProof::none, "c2"));
    std::vector<unsigned> wanted = numbers(103, 37);
    wanted.push_back(101);
    EXPECT_EQ(members(), ids(wanted));

    ok(engine().refresh_started(true));
    ASSERT_TRUE(tell({}, numbers(110, 30)));
    ok(engine().refresh_done(AbsenceProof::none, "c3"));
    EXPECT_EQ(members(), ids(wanted));
    EXPECT_EQ(world.held().memberships.begin()->second, ids(numbers(110, 30)));
}

TEST_P(MemberChanges, AGroupThatARefreshToldByItsMembersIsThere) {
    team_of(4);
    ok(engine().refresh_started(true));
    std::vector<Uuid> present;
    for (unsigned number = 1; number < 200; ++number) {
        if (number != team)
            present.push_back(uuid_of(number));
    }
    ok(engine().present(present));
    ok(engine().deleted({uuid_of(103)}));
    ASSERT_TRUE(tell({100}, {}));
    ok(engine().refresh_done(AbsenceProof::present_phase, "c2"));
    EXPECT_EQ(members(), ids({100, 101, 102}));
}

TEST_P(MemberChanges, DuringAFirstLoadTheWholeEntryIsWanted) {
    ok(engine().refresh_started(false));
    ok(engine().changed(user(100)));
    ok(engine().changed(group({})));
    ASSERT_FALSE(tell({100}, {}));
    ok(engine().changed(group({100})));
    ok(engine().refresh_done(AbsenceProof::snapshot, "c1"));
    EXPECT_EQ(members(), ids({100}));
}

TEST_P(MemberChanges, AnAttributeThatDecidesMoreThanMembersIsNotTaken) {
    ldap::Mapping mapping;
    mapping.groups.filter = "(&(objectClass=groupOfNames)(member=*))";
    const auto filtered = *ldap::Mapper::compile(mapping, test::product_registry());
    EXPECT_EQ(filtered->member_attributes(), std::vector<std::string>{"uniqueMember"});
    mapping.groups.filter.clear();
    mapping.groups.rules = {ldap::rule_from("members", {"member"})};
    const auto plain = *ldap::Mapper::compile(mapping, test::product_registry());
    EXPECT_EQ(plain->member_attributes(), std::vector<std::string>{"member"});
    mapping.groups.rules.front().when = "(cn=a*)";
    const auto conditional = *ldap::Mapper::compile(mapping, test::product_registry());
    EXPECT_TRUE(conditional->member_attributes().empty());
    EXPECT_EQ(conditional->member_sources(), std::vector<std::string>{"member"});
}

INSTANTIATE_TEST_SUITE_P(ByAnchorAndByName, MemberChanges, testing::Bool());

}  // namespace
}  // namespace bascule::mirror
