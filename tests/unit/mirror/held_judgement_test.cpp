#include "directory/mirror/held_judgement.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::SourceEntry;
using test::MirrorWorld;
using test::uuid_of;

constexpr unsigned people = 100;
constexpr unsigned team = 200;

SourceEntry person(unsigned number, bool title = true) {
    SourceEntry entry;
    entry.anchor = uuid_of(number);
    entry.dn = fmt::format("uid=u{},dc=x", number);
    entry.dn_key = *ldap::dn_key(entry.dn);
    entry.attributes = {{"objectClass", {"inetOrgPerson"}}, {"uid", {fmt::format("u{}", number)}}};
    if (title)
        entry.attributes.push_back({"title", {"T"}});
    return entry;
}

SourceEntry group_of(unsigned members) {
    SourceEntry entry;
    entry.anchor = uuid_of(team);
    entry.dn = "cn=team,dc=x";
    entry.dn_key = *ldap::dn_key(entry.dn);
    entry.attributes = {{"objectClass", {"groupOfNames"}}, {"cn", {"team"}}, {"member", {}}};
    for (unsigned number = 1; number <= members; ++number)
        entry.attributes.back().values.push_back(fmt::format("uid=u{},dc=x", number));
    return entry;
}

/// A hundred people and a group of all, and then a directory that takes some away.
class HeldJudgement : public testing::Test {
  protected:
    void SetUp() override {
        MirrorWorld::check(engine().refresh_started(false));
        for (unsigned number = 1; number <= people; ++number)
            MirrorWorld::check(engine().changed(person(number)));
        MirrorWorld::check(engine().changed(group_of(people)));
        MirrorWorld::check(engine().refresh_done(AbsenceProof::snapshot, "c"));
    }

    MirrorEngine& engine() { return *world_.engine; }
    /// As by a reload: everything begins anew under these limits, and nothing has changed.
    void reload(GuardLimits limits) {
        MirrorWorld::check(engine().close_run(true));
        world_.engine = std::make_unique<MirrorEngine>(
            *world_.store, *world_.mapper, world_.clock, "corp", limits
        );
        MirrorWorld::check(engine().open());
        MirrorWorld::check(engine().refresh_started(true));
        MirrorWorld::check(engine().refresh_done(AbsenceProof::none, "d"));
    }
    void delete_one_by_one(unsigned from, unsigned to) {
        for (unsigned number = from; number < to; ++number) {
            MirrorWorld::check(engine().deleted({uuid_of(number)}));
            MirrorWorld::check(engine().idle());
        }
    }
    static GuardLimits deletes_at_least(std::size_t count) {
        GuardLimits limits;
        limits.delete_at_least = count;
        return limits;
    }

    MirrorWorld world_;
};

TEST_F(HeldJudgement, AHigherLimitReleasesWhatIsUnderIt) {
    delete_one_by_one(1, 41);
    EXPECT_EQ(world_.held().deletes.size(), 15U);
    reload(deletes_at_least(40));
    EXPECT_TRUE(world_.held().empty()) << world_.held().to_json();
    EXPECT_FALSE(world_.entry(uuid_of(40)));
    EXPECT_TRUE(world_.served(uuid_of(41)));
    // What has gone counts on.
    delete_one_by_one(41, 42);
    EXPECT_EQ(world_.held().deletes.size(), 1U);
}

TEST_F(HeldJudgement, WhatHadGoneBeforeCounts) {
    delete_one_by_one(1, 41);
    reload(deletes_at_least(39));
    EXPECT_EQ(world_.held().deletes.size(), 15U);
    reload(deletes_at_least(40));
    EXPECT_TRUE(world_.held().empty());
}

TEST_F(HeldJudgement, TheSameLimitAndALowerOneChangeNothing) {
    delete_one_by_one(1, 41);
    const auto before = world_.held();
    reload({});
    EXPECT_EQ(world_.held().hash(), before.hash());
    reload(deletes_at_least(1));
    EXPECT_EQ(world_.held().hash(), before.hash());
    EXPECT_FALSE(world_.entry(uuid_of(25))) << "what has gone does not come back";
    reload(deletes_at_least(1));
    EXPECT_EQ(world_.held().hash(), before.hash());
}

TEST_F(HeldJudgement, WhoHasComeBackIsNotReleased) {
    delete_one_by_one(1, 41);
    MirrorWorld::check(engine().close_run(true));
    world_.engine = std::make_unique<MirrorEngine>(
        *world_.store, *world_.mapper, world_.clock, "corp", deletes_at_least(40)
    );
    MirrorWorld::check(engine().open());
    MirrorWorld::check(engine().refresh_started(true));
    MirrorWorld::check(engine().changed(person(40)));
    MirrorWorld::check(engine().refresh_done(AbsenceProof::none, "d"));
    EXPECT_TRUE(world_.held().empty());
    EXPECT_TRUE(world_.served(uuid_of(40)));
    EXPECT_FALSE(world_.entry(uuid_of(39)));
}

TEST_F(HeldJudgement, MembersAndAttributesHaveTheirOwnLimits) {
    MirrorWorld::check(engine().changed(group_of(30)));
    MirrorWorld::check(engine().idle());
    MirrorWorld::check(engine().refresh_started(false));
    for (unsigned number = 1; number <= people; ++number)
        MirrorWorld::check(engine().changed(person(number, number > 40)));
    MirrorWorld::check(engine().changed(group_of(30)));
    MirrorWorld::check(engine().refresh_done(AbsenceProof::snapshot, "c"));
    ASSERT_EQ(world_.held().memberships.size(), 1U);
    ASSERT_EQ(world_.held().attributes.at("title").size(), 40U);
    GuardLimits limits;
    limits.membership_percent = 80;
    reload(limits);
    EXPECT_TRUE(world_.held().memberships.empty());
    EXPECT_EQ(world_.targets(uuid_of(team)).size(), 30U);
    EXPECT_EQ(world_.held().attributes.at("title").size(), 40U);
    limits.attribute_percent = 50;
    reload(limits);
    EXPECT_TRUE(world_.held().empty());
    EXPECT_EQ(world_.object(uuid_of(1))->body.find("title"), std::string::npos);
}

TEST_F(HeldJudgement, APlanKeepsByWhichLimitsItIsHeld) {
    delete_one_by_one(1, 41);
    const HeldPlan held = world_.held();
    EXPECT_EQ(held.judged.objects, 25U);
    EXPECT_EQ(HeldPlan::parse(held.to_json()), held);
    HeldPlan other = held;
    other.judged = {};
    EXPECT_EQ(other.hash(), held.hash());
}

}  // namespace
}  // namespace bascule::mirror
