#include "directory/mirror/hold_service.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "directory/mirror/explain.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::SourceEntry;
using test::MirrorWorld;
using test::uuid_of;

const directory::Actor admin{directory::ActorKind::operator_, {}, "admin"};

SourceEntry user(unsigned number, const std::string& uid = {}) {
    SourceEntry entry = test::parse_entry(fmt::format(
        "dn: cn=u{0},dc=com\nobjectClass: inetOrgPerson\nuid: {1}\ncn: U{0}\nsn: x\n", number,
        uid.empty() ? fmt::format("u{}", number) : uid
    ));
    entry.anchor = uuid_of(number);
    return entry;
}

class HeldRemovals : public testing::Test {
  protected:
    void snapshot(unsigned first, unsigned count) {
        MirrorWorld::check(world.engine->refresh_started(false));
        for (unsigned number = first; number < first + count; ++number)
            MirrorWorld::check(world.engine->changed(user(number)));
        MirrorWorld::check(world.engine->refresh_done(AbsenceProof::snapshot, "c"));
    }
    /// Twenty users, of which all but two have gone.
    void SetUp() override {
        snapshot(1, 20);
        snapshot(1, 2);
        ASSERT_EQ(world.held().deletes.size(), 18U);
    }
    HeldSummary only() {
        auto list = holds.list();
        EXPECT_TRUE(list && list->size() == 1);
        return list->front();
    }

    MirrorWorld world;
    HoldService holds{*world.store};
};

TEST_F(HeldRemovals, ApprovalCarriesOutExactlyTheNamedSet) {
    const HeldSummary summary = only();
    EXPECT_EQ(summary.total, 18U);
    EXPECT_EQ(summary.items.front().kind, "delete");
    EXPECT_TRUE(world.served(uuid_of(5)));
    ASSERT_TRUE(holds.approve("corp", summary.hash, *world.mapper, admin));
    EXPECT_FALSE(world.served(uuid_of(5)));
    EXPECT_TRUE(world.served(uuid_of(2)));
    EXPECT_TRUE(holds.list()->empty());
}

TEST_F(HeldRemovals, ApprovalOfAnotherSetIsRefused) {
    const std::string hash = only().hash;
    MirrorWorld::check(world.engine->changed(user(7)));
    MirrorWorld::check(world.engine->idle());
    const Status refused = holds.approve("corp", hash, *world.mapper, admin);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "plan_changed");
    EXPECT_EQ(only().total, 17U);
    EXPECT_TRUE(world.served(uuid_of(5)));
}

TEST_F(HeldRemovals, RejectionKeepsEverything) {
    ASSERT_TRUE(holds.reject("corp", only().hash, admin));
    EXPECT_TRUE(holds.list()->empty());
    EXPECT_TRUE(world.served(uuid_of(5)));
    const Status again = holds.reject("corp", "0000", admin);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "no_held_plan");
}

TEST_F(HeldRemovals, EngineHonoursADecisionThatWasMadeBesideIt) {
    ASSERT_TRUE(holds.reject("corp", only().hash, admin));
    MirrorWorld::check(world.engine->changed(user(30)));
    MirrorWorld::check(world.engine->idle());
    EXPECT_TRUE(world.held().empty());
    EXPECT_TRUE(world.served(uuid_of(5)));
    snapshot(1, 2);
    EXPECT_EQ(world.held().deletes.size(), 19U);
}

TEST_F(HeldRemovals, EntriesThatAllComeBackLeaveNoPlan) {
    snapshot(1, 20);
    EXPECT_TRUE(holds.list()->empty());
}

TEST_F(HeldRemovals, PlanSurvivesARestart) {
    const std::string hash = only().hash;
    world.reopen_engine();
    MirrorWorld::check(world.engine->changed(user(31)));
    MirrorWorld::check(world.engine->idle());
    EXPECT_EQ(only().hash, hash);
}

TEST_F(HeldRemovals, ExplainKnowsEveryCause) {
    SourceEntry unmatched = test::parse_entry("dn: cn=m,dc=com\nobjectClass: device\ncn: m\n");
    unmatched.anchor = uuid_of(50);
    MirrorWorld::check(world.engine->changed(unmatched));
    MirrorWorld::check(world.engine->changed(user(51, "u1")));
    MirrorWorld::check(world.engine->idle());
    const auto cause_of = [&](const std::string& dn, const std::string& base) {
        return world.read([&](directory::Reader& reader) {
            const auto state = *reader.source_state("corp");
            const auto found = explain(
                reader, test::product_registry(),
                {dn, *ldap::dn_key(dn), {{state->id, "corp", {*ldap::dn_key(base)}}}}
            );
            return std::string(to_string(found->front().cause));
        });
    };
    EXPECT_EQ(cause_of("cn=u1,dc=com", "dc=com"), to_string(Cause::mirrored));
    EXPECT_EQ(cause_of("cn=u5,dc=com", "dc=com"), to_string(Cause::held));
    EXPECT_EQ(cause_of("cn=m,dc=com", "dc=com"), to_string(Cause::unmatched));
    EXPECT_EQ(cause_of("cn=u51,dc=com", "dc=com"), to_string(Cause::duplicate));
    EXPECT_EQ(cause_of("cn=nobody,dc=com", "dc=com"), to_string(Cause::unknown));
    EXPECT_EQ(cause_of("cn=x,dc=org", "dc=com"), to_string(Cause::out_of_base));
}

TEST_F(HeldRemovals, ExplainFindsGroupsByNameAndNamesWhatItLookedFor) {
    SourceEntry group = test::parse_entry(
        "dn: cn=Night Shift,dc=com\nobjectClass: groupOfNames\ncn: Night Shift\nmember:\n"
    );
    group.anchor = uuid_of(60);
    MirrorWorld::check(world.engine->changed(group));
    MirrorWorld::check(world.engine->idle());
    const auto ask = [&](const std::string& name) {
        return world.read([&](directory::Reader& reader) {
            return explain(reader, test::product_registry(), {name, {}, {}})->front();
        });
    };
    EXPECT_EQ(ask("night shift").cause, Cause::mirrored);
    EXPECT_EQ(ask("night shift").dn, "cn=Night Shift,dc=com");
    const Explanation unknown = ask("Day Shift");
    EXPECT_EQ(unknown.cause, Cause::unknown);
    EXPECT_NE(unknown.sentence.find("user name 'Day Shift'"), std::string::npos)
        << unknown.sentence;
    EXPECT_NE(unknown.sentence.find("displayName 'Day Shift'"), std::string::npos);
}

}  // namespace
}  // namespace bascule::mirror
