#include "directory/mirror/provenance.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::AttributePath;
using directory::SourceEntry;
using test::MirrorWorld;
using test::uuid_of;

const std::string enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

SourceEntry user(unsigned number, const std::string& csn, const std::string& more = {}) {
    SourceEntry out = test::parse_entry(fmt::format(
        "dn: cn=u{0},dc=com\nobjectClass: inetOrgPerson\nuid: u{0}\ncn: U{0}\nsn: x\n{1}", number,
        more
    ));
    out.anchor = uuid_of(number);
    out.csn = csn;
    return out;
}

class Provenance : public testing::Test {
  protected:
    void load(const std::vector<SourceEntry>& entries) {
        MirrorWorld::check(world.engine->refresh_started(false));
        for (const SourceEntry& one : entries)
            MirrorWorld::check(world.engine->changed(one));
        MirrorWorld::check(world.engine->refresh_done(AbsenceProof::snapshot, "c"));
    }
    void change(const SourceEntry& one) {
        world.clock.time += std::chrono::minutes(1);
        MirrorWorld::check(world.engine->changed(one));
        MirrorWorld::check(world.engine->idle());
    }
    Origin origin(unsigned number, const AttributePath& path) {
        return world.read([&](directory::Reader& reader) {
            const auto object = *reader.find(object_id("corp", uuid_of(number)));
            return *origin_of(reader, *object, path);
        });
    }

    MirrorWorld world;
};

TEST_F(Provenance, AfterTheFirstLoadEverythingIsSetByItAtTheEntrysStamp) {
    load({user(1, "s1", "title: Clerk\n")});
    const Origin title = origin(1, {{}, "title", {}});
    EXPECT_EQ(title.kind, OriginKind::first_load);
    EXPECT_EQ(title.stamp, "s1");
    EXPECT_EQ(title.time, world.clock.time);
    EXPECT_TRUE(title.before_known);
    EXPECT_EQ(title.before, "");
}

TEST_F(Provenance, AChangeOfOneAttributeLeavesThatOfTheOthers) {
    load({user(1, "s1", "title: Clerk\n")});
    const Time loaded = world.clock.time;
    change(user(1, "s2", "title: Clerk\ndepartmentNumber: Research\n"));
    const Time first = world.clock.time;
    change(user(1, "s3", "title: Clerk\ndepartmentNumber: Engineering\n"));
    change(user(1, "s4", "title: Boss\ndepartmentNumber: Engineering\n"));

    const Origin department = origin(1, {enterprise, "department", {}});
    EXPECT_EQ(department.kind, OriginKind::source_change);
    EXPECT_EQ(department.stamp, "s3");
    EXPECT_EQ(department.time, first + std::chrono::minutes(1));
    EXPECT_EQ(department.before, "\"Research\"");
    EXPECT_EQ(origin(1, {{}, "title", {}}).stamp, "s4");
    EXPECT_EQ(origin(1, {{}, "title", {}}).before, "\"Clerk\"");
    const Origin name = origin(1, {{}, "userName", {}});
    EXPECT_EQ(name.kind, OriginKind::first_load);
    EXPECT_EQ(name.stamp, "s1");
    EXPECT_EQ(name.time, loaded);
}

TEST_F(Provenance, AStampWithoutADifferenceIsNotWrittenAndARealOneIs) {
    load({user(1, "s1", "title: Clerk\n")});
    change(user(1, "s2", "title: Clerk\n"));
    EXPECT_EQ(world.entry(uuid_of(1))->csn, "s1");
    change(user(1, "s3", "title: Boss\n"));
    EXPECT_EQ(world.entry(uuid_of(1))->csn, "s3");
}

TEST_F(Provenance, ARenameChangesTheDnAndNotTheOrigin) {
    load({user(1, "s1", "title: Clerk\n")});
    change(user(1, "s2", "title: Boss\n"));
    SourceEntry renamed = user(1, "s3", "title: Boss\n");
    renamed.dn = "cn=other,dc=com";
    renamed.dn_key = *ldap::dn_key(renamed.dn);
    change(renamed);
    EXPECT_EQ(world.entry(uuid_of(1))->dn, "cn=other,dc=com");
    EXPECT_EQ(origin(1, {{}, "title", {}}).stamp, "s2");
}

TEST_F(Provenance, ALostValueIsToldWithTheStampOfTheLoss) {
    load({user(1, "s1", "title: Clerk\n")});
    change(user(1, "s2"));
    const Origin title = origin(1, {{}, "title", {}});
    EXPECT_EQ(title.kind, OriginKind::source_change);
    EXPECT_EQ(title.stamp, "s2");
    EXPECT_EQ(title.before, "\"Clerk\"");
}

TEST_F(Provenance, AChangeOfTheMappingIsTheOrigin) {
    load({user(1, "s1", "title: Clerk\ndescription: Old hand\n"), user(2, "s1")});
    ldap::Mapping other;
    other.users.rules = {ldap::rule_from("title", {"description"})};
    world.mapper = std::move(*ldap::Mapper::compile(other, test::product_registry()));
    world.reopen_engine();
    MirrorWorld::check(world.engine->reset_cookie("f"));
    load({user(1, "s1", "title: Clerk\ndescription: Old hand\n"), user(2, "s9", "description: x\n")}
    );
    const Origin title = origin(1, {{}, "title", {}});
    EXPECT_EQ(title.kind, OriginKind::mapping_change);
    EXPECT_EQ(title.before, "\"Clerk\"");
    EXPECT_EQ(origin(1, {{}, "userName", {}}).kind, OriginKind::first_load);
    change(user(1, "s5", "description: New\n"));
    EXPECT_EQ(origin(1, {{}, "title", {}}).kind, OriginKind::source_change);
}

TEST_F(Provenance, WhatHasNoStampChangedBecauseAnInstantCame) {
    load({user(1, "s1", "title: Clerk\n")});
    change(user(1, "", "title: Boss\n"));
    EXPECT_EQ(origin(1, {{}, "title", {}}).kind, OriginKind::time);
    EXPECT_EQ(world.entry(uuid_of(1))->csn, "s1");
}

TEST_F(Provenance, AnEntryThatCameLaterIsSetByItsArrival) {
    load({user(1, "s1")});
    change(user(2, "s2", "title: New\n"));
    const Origin title = origin(2, {{}, "title", {}});
    EXPECT_EQ(title.kind, OriginKind::source_change);
    EXPECT_EQ(title.stamp, "s2");
    EXPECT_EQ(title.time, world.clock.time);
}

TEST_F(Provenance, AManagerIsToldWithWhoItWasBefore) {
    load({user(1, "s1"), user(2, "s1"), user(3, "s1", "manager: cn=u1,dc=com\n")});
    change(user(3, "s2", "manager: cn=u2,dc=com\n"));
    const Origin manager = origin(3, {enterprise, "manager", {}});
    EXPECT_EQ(manager.kind, OriginKind::source_change);
    EXPECT_EQ(manager.stamp, "s2");
    EXPECT_EQ(manager.before, "\"U1\"");
}

TEST_F(Provenance, MembersAreToldSinceWhenAndByWhichChange) {
    const auto group = [](const std::string& csn, const std::string& members) {
        SourceEntry out = test::parse_entry(
            "dn: cn=team,dc=com\nobjectClass: groupOfNames\ncn: team\n" + members
        );
        out.anchor = uuid_of(9);
        out.csn = csn;
        return out;
    };
    load({user(1, "s1"), user(2, "s1"), user(3, "s1"), group("s1", "member: cn=u1,dc=com\n")});
    const Time loaded = world.clock.time;
    change(group("s2", "member: cn=u1,dc=com\nmember: cn=u2,dc=com\n"));
    const auto member = [&](unsigned number) {
        return world.read([&](directory::Reader& reader) {
            const auto from = *reader.find_row(object_id("corp", uuid_of(9)));
            const auto to = *reader.find_row(object_id("corp", uuid_of(number)));
            return *member_origin(reader, *from, *to);
        });
    };
    EXPECT_EQ(member(1)->since, loaded);
    EXPECT_EQ(member(1)->sequence, 0);
    EXPECT_EQ(member(2)->since, world.clock.time);
    EXPECT_EQ(member(2)->stamp, "s2");
    EXPECT_FALSE(member(3).has_value());
}

TEST_F(Provenance, LongValuesAreCutInTheJournal) {
    load({user(1, "s1", "title: " + std::string(5000, 'x') + "\n")});
    change(user(1, "s2", "title: y\n"));
    EXPECT_LT(origin(1, {{}, "title", {}}).before.size(), 300U);
}

}  // namespace
}  // namespace bascule::mirror
