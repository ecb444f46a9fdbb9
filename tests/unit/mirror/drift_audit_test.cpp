#include "directory/mirror/drift_audit.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::EntryInspector;
using directory::Inspection;
using directory::SourceEntry;
using test::MirrorWorld;
using test::uuid_of;

SourceEntry user(unsigned number, const std::string& csn, const std::string& more = {}) {
    SourceEntry out = test::parse_entry(fmt::format(
        "dn: cn=u{0},dc=com\nobjectClass: inetOrgPerson\nuid: u{0}\ncn: U{0}\nsn: x\n{1}", number,
        more
    ));
    out.anchor = uuid_of(number);
    out.csn = csn;
    return out;
}

/// A directory in memory that answers questions and tells of no change.
class SilentDirectory final : public EntryInspector {
  public:
    std::map<std::string, SourceEntry> entries;
    std::size_t nameless = 0;
    std::function<void()> after_listing = [] {};

    void put(SourceEntry entry) {
        const std::string key = entry.dn_key;
        entries[key] = std::move(entry);
    }
    Result<Inspection> look_at(
        const std::string& dn, Deadline /*deadline*/, std::stop_token /*stop*/
    ) override {
        const auto found = entries.find(*ldap::dn_key(dn));
        return found == entries.end() ? Inspection{}
                                      : Inspection{Inspection::Verdict::found, found->second};
    }
    Result<Inspection> look_for(
        const Uuid& anchor, Deadline /*deadline*/, std::stop_token /*stop*/
    ) override {
        for (const auto& [key, entry] : entries) {
            if (entry.anchor == anchor)
                return Inspection{Inspection::Verdict::found, entry};
        }
        return Inspection{};
    }
    Result<Listing> list(const std::function<Status(Listed)>& take, std::stop_token /*stop*/)
        override {
        for (const auto& [key, entry] : entries)
            BASCULE_CHECK(take({entry.anchor, entry.dn, entry.dn_key, entry.csn}));
        after_listing();
        return Listing{entries.size() + nameless, nameless, 0};
    }
};

class Drift : public testing::Test {
  protected:
    void SetUp() override {
        MirrorWorld::check(world.engine->refresh_started(false));
        for (unsigned number = 1; number <= 20; ++number) {
            directory.put(user(number, "s1"));
            MirrorWorld::check(world.engine->changed(user(number, "s1")));
        }
        MirrorWorld::check(world.engine->refresh_done(AbsenceProof::snapshot, "c"));
    }
    DriftReport audit() { return drift.run({}); }

    MirrorWorld world;
    SilentDirectory directory;
    DriftAudit drift{
        *world.store,
        directory,
        world.clock,
        "corp",
        {[this](const SourceEntry& entry) { return world.engine->check_present(entry); },
         [this](const Uuid& anchor, std::size_t together) {
             return world.engine->check_absent(anchor, together);
         }},
        {[] { return std::chrono::milliseconds(1); }, std::chrono::seconds(1)}};
};

TEST_F(Drift, EqualIsZeroAndTheDigestIsTheSameEachTime) {
    const DriftReport first = audit();
    EXPECT_EQ(first.drift(), 0U);
    EXPECT_EQ(first.listed, 20U);
    EXPECT_EQ(first.mirrored, 20U);
    EXPECT_TRUE(first.complete);
    EXPECT_EQ(first.looked_at, 0U);
    EXPECT_EQ(first.digest.size(), 64U);
    EXPECT_EQ(audit().digest, first.digest);
    directory.put(user(1, "s2"));
    EXPECT_NE(audit().digest, first.digest);
}

TEST_F(Drift, MissingSurplusAndStaleAreCountedAndHealed) {
    directory.put(user(1, "s2", "title: Boss\n"));
    directory.put(user(30, "s2"));
    directory.entries.erase(*ldap::dn_key("cn=u2,dc=com"));
    const DriftReport report = audit();
    EXPECT_EQ(report.stale, 1U);
    EXPECT_EQ(report.missing, 1U);
    EXPECT_EQ(report.surplus, 1U);
    EXPECT_EQ(report.problem, "");
    EXPECT_NE(world.object(uuid_of(1))->body.find("Boss"), std::string::npos);
    EXPECT_TRUE(world.served(uuid_of(30)));
    EXPECT_FALSE(world.served(uuid_of(2)));
    EXPECT_EQ(audit().drift(), 0U);
}

TEST_F(Drift, AChangeOfWhatIsNotMappedIsNoneAndIsReadOnce) {
    directory.put(user(1, "s2", "description: not mapped\n"));
    const DriftReport first = audit();
    EXPECT_EQ(first.drift(), 0U);
    EXPECT_EQ(first.looked_at, 1U);
    EXPECT_EQ(audit().looked_at, 0U);
}

TEST_F(Drift, WhatChangesDuringTheListingIsNone) {
    directory.after_listing = [&] {
        directory.put(user(3, "s3", "title: New\n"));
        directory.put(user(40, "s3"));
        directory.entries.erase(*ldap::dn_key("cn=u4,dc=com"));
        // The feed tells of the new one and of the deletion meanwhile.
        MirrorWorld::check(world.engine->changed(user(40, "s3")));
        MirrorWorld::check(world.engine->deleted({uuid_of(4)}));
        MirrorWorld::check(world.engine->idle());
        directory.after_listing = [] {};
    };
    EXPECT_EQ(audit().drift(), 0U);
}

TEST_F(Drift, AnEntryThatMovedAndArrivedElsewhereIsNotRemoved) {
    SourceEntry moved = user(5, "s1");
    directory.entries.erase(moved.dn_key);
    moved.dn = "cn=u5,ou=new,dc=com";
    moved.dn_key = *ldap::dn_key(moved.dn);
    directory.put(moved);
    const DriftReport report = audit();
    EXPECT_EQ(report.surplus, 0U);
    EXPECT_EQ(report.stale, 1U);
    EXPECT_EQ(world.entry(uuid_of(5))->dn, moved.dn);
    EXPECT_TRUE(world.served(uuid_of(5)));
}

TEST_F(Drift, AListingThatIsNotWholeProvesNoAbsence) {
    directory.entries.erase(*ldap::dn_key("cn=u2,dc=com"));
    directory.nameless = 1;
    const DriftReport report = audit();
    EXPECT_FALSE(report.complete);
    EXPECT_EQ(report.surplus, 0U);
    EXPECT_TRUE(world.served(uuid_of(2)));
    directory.entries.clear();
    directory.nameless = 0;
    EXPECT_FALSE(audit().complete);
    EXPECT_TRUE(world.served(uuid_of(3)));
}

TEST_F(Drift, AnEmptiedDirectoryIsHeldByTheGuard) {
    for (unsigned number = 2; number <= 20; ++number)
        directory.entries.erase(user(number, "").dn_key);
    for (unsigned number = 100; number < 150; ++number) {
        MirrorWorld::check(world.engine->changed(user(number, "s1")));
    }
    MirrorWorld::check(world.engine->idle());
    const DriftReport report = audit();
    EXPECT_EQ(report.surplus, 69U);
    EXPECT_EQ(report.held, 69U);
    EXPECT_EQ(audit().surplus, 0U);
    EXPECT_EQ(audit().held, 69U);
}

}  // namespace
}  // namespace bascule::mirror
