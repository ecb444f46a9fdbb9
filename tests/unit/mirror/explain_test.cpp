#include "directory/mirror/explain.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::Inspection;
using directory::SourceEntry;
using test::MirrorWorld;
using test::uuid_of;
using testing::HasSubstr;

SourceEntry entry(unsigned number, const std::string& text) {
    SourceEntry out = test::parse_entry(text);
    out.anchor = uuid_of(number);
    out.csn = fmt::format("csn{}", number);
    return out;
}

SourceEntry user(unsigned number, const std::string& more = {}) {
    return entry(
        number,
        fmt::format(
            "dn: cn=u{0},dc=com\nobjectClass: inetOrgPerson\nuid: u{0}\ncn: U{0}\nsn: x\n{1}",
            number, more
        )
    );
}

ldap::Mapping mapping() {
    ldap::Mapping out;
    MappingRule rule = ldap::rule_from("active", {"employeeType"});
    rule.is_not = {"retired"};
    rule.line = 7;
    out.users.rules = {rule};
    return out;
}

class Explain : public testing::Test {
  protected:
    void SetUp() override {
        MirrorWorld::check(world.engine->refresh_started(false));
        for (unsigned number = 1; number < 30; ++number)
            MirrorWorld::check(world.engine->changed(user(number)));
        MirrorWorld::check(world.engine->refresh_done(AbsenceProof::snapshot, "c"));
    }
    void change(const SourceEntry& one) {
        MirrorWorld::check(world.engine->changed(one));
        MirrorWorld::check(world.engine->idle());
    }
    SourceFacts facts() {
        const auto state =
            world.read([](directory::Reader& reader) { return **reader.source_state("corp"); });
        return {state.id, "corp", {*ldap::dn_key("dc=com")}, world.mapper.get(), {}};
    }
    Explanation ask(const std::string& text) {
        ExplainQuestion question{text, {}, {facts()}, std::chrono::hours(24)};
        if (text.find('=') != std::string::npos)
            question.dn_key = *ldap::dn_key(text);
        return world.read([&](directory::Reader& reader) {
            auto found = explain(reader, test::product_registry(), question);
            EXPECT_TRUE(found.has_value());
            return found->front();
        });
    }

    MirrorWorld world{GuardLimits{}, mapping()};
};

TEST_F(Explain, EveryCauseHasACodeAndWhatToDo) {
    for (const Cause cause :
         {Cause::pending_reference, Cause::disabled_by_rule, Cause::unmatched, Cause::duplicate,
          Cause::invalid_value, Cause::quarantined, Cause::held, Cause::removed, Cause::out_of_base,
          Cause::not_readable, Cause::not_in_directory, Cause::not_arrived, Cause::unknown}) {
        EXPECT_FALSE(to_string(cause).empty());
        EXPECT_FALSE(remedy_of(cause).empty()) << to_string(cause);
    }
}

TEST_F(Explain, DisabledByARuleNamesTheRuleAndWhatItReads) {
    change(user(3, "employeeType: retired\n"));
    const Explanation found = ask("u3");
    EXPECT_EQ(found.cause, Cause::mirrored);
    ASSERT_EQ(found.findings.size(), 1U);
    EXPECT_EQ(found.findings.front().cause, Cause::disabled_by_rule);
    EXPECT_THAT(found.findings.front().sentence, HasSubstr("users.map.active (employeeType"));
    EXPECT_THAT(found.findings.front().sentence, HasSubstr("retired"));
}

TEST_F(Explain, PendingReferencesNameTheDnTheyWaitFor) {
    change(entry(
        40,
        "dn: cn=team,dc=com\nobjectClass: groupOfNames\ncn: team\nmember: cn=u1,dc=com\n"
        "member: CN=Late\\, Lea,dc=com\n"
    ));
    const Explanation found = ask("team");
    EXPECT_EQ(found.cause, Cause::mirrored);
    ASSERT_EQ(found.findings.size(), 1U);
    EXPECT_EQ(found.findings.front().cause, Cause::pending_reference);
    EXPECT_THAT(found.findings.front().sentence, HasSubstr("1 member of it waits"));
    EXPECT_THAT(found.findings.front().sentence, HasSubstr("cn=late, lea,dc=com"));
}

TEST_F(Explain, DuplicateNamesTheHolder) {
    change(
        entry(41, "dn: cn=second,dc=com\nobjectClass: inetOrgPerson\nuid: u5\ncn: Second\nsn: x\n")
    );
    const Explanation found = ask("cn=second,dc=com");
    EXPECT_EQ(found.cause, Cause::duplicate);
    EXPECT_THAT(found.sentence, HasSubstr("cn=u5,dc=com"));
}

TEST_F(Explain, MissingValueIsInvalidAndNamesTheAttribute) {
    change(entry(42, "dn: cn=nouid,dc=com\nobjectClass: inetOrgPerson\ncn: No\nsn: x\n"));
    const Explanation found = ask("cn=nouid,dc=com");
    EXPECT_EQ(found.cause, Cause::invalid_value);
    EXPECT_THAT(found.sentence, HasSubstr("uid"));
}

TEST_F(Explain, RemovedIsFoundByNameDnAndIdAndToldUntilWhen) {
    MirrorWorld::check(world.engine->deleted({uuid_of(7)}));
    MirrorWorld::check(world.engine->idle());
    const std::string id = object_id("corp", uuid_of(7)).to_string();
    for (const std::string& text : {std::string("u7"), std::string("CN=u7, dc=com"), id}) {
        const Explanation found = ask(text);
        EXPECT_EQ(found.cause, Cause::removed) << text;
        EXPECT_EQ(found.dn, "cn=u7,dc=com");
        EXPECT_THAT(found.sentence, HasSubstr("deleted at the source"));
        EXPECT_THAT(
            found.sentence, HasSubstr(format_time(world.clock.now() + std::chrono::hours(24)))
        );
    }
}

TEST_F(Explain, HeldNamesTheLimitOfTheGuard) {
    MirrorWorld::check(world.engine->refresh_started(true));
    MirrorWorld::check(world.engine->present({uuid_of(1), uuid_of(2)}));
    MirrorWorld::check(world.engine->refresh_done(AbsenceProof::present_phase, "d"));
    const Explanation found = ask("u9");
    EXPECT_EQ(found.cause, Cause::held);
    EXPECT_THAT(found.sentence, HasSubstr("guard.emptied (27 of 29 objects, limit 50 %)"));
}

TEST_F(Explain, WhatTheDirectorySaysOfAnUnknownEntryIsJudged) {
    const auto judge = [&](Inspection::Verdict verdict, const SourceEntry& found) {
        return explain_inspected({verdict, found}, facts());
    };
    using Verdict = Inspection::Verdict;
    EXPECT_EQ(judge(Verdict::absent, {}).cause, Cause::not_in_directory);
    EXPECT_EQ(judge(Verdict::unreadable, {}).cause, Cause::not_readable);
    EXPECT_EQ(judge(Verdict::found, user(50)).cause, Cause::not_arrived);
    EXPECT_EQ(
        judge(Verdict::found, entry(51, "dn: cn=d,dc=com\nobjectClass: device\ncn: d\n")).cause,
        Cause::unmatched
    );
    EXPECT_EQ(
        judge(Verdict::found, entry(52, "dn: cn=d,dc=org\nobjectClass: device\ncn: d\n")).cause,
        Cause::out_of_base
    );
}

}  // namespace
}  // namespace bascule::mirror
