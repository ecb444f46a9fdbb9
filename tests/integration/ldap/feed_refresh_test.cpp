// What a refresh delivers and what its end proves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/dn.hpp"
#include "tests/integration/ldap/feed_runner.hpp"

namespace bascule::ldap {
namespace {

using directory::AbsenceProof;
using directory::FeedEnd;
using test::SlapdOptions;
using test::SlapdRig;
using test::user_dn;

class FeedRefresh : public ::testing::Test {
  protected:
    /// Loads `users` users and 2 groups and reads everything once; returns the cookie.
    std::string first_run(SlapdRig& rig, std::size_t users) {
        rig.load_ldif(test::directory_ldif(users, 2));
        rig.start();
        FeedRunner runner(feed_options(rig));
        EXPECT_TRUE(runner.wait_refreshed());
        EXPECT_EQ(runner.stop().end, FeedEnd::stopped);
        first_ = runner.seen();
        return first_.cookie;
    }
    /// How many entries were sent or named as present; some servers do both for a changed one.
    static std::size_t named(const Seen& seen) {
        auto anchors = seen.present;
        for (const auto& [anchor, entry] : seen.entries) {
            anchors.insert(anchor);
        }
        return anchors.size();
    }
    Seen first_;
};

TEST_F(FeedRefresh, SnapshotDeliversEveryEntryWithStampKeyAndAttributes) {
    SlapdRig rig;
    first_run(rig, 50);
    // suffix, 4 units, service account, policy, 10 units of users, 50 users, 2 groups
    EXPECT_EQ(first_.entries.size(), 1U + 4 + 1 + 1 + 10 + 50 + 2);
    EXPECT_EQ(first_.proof, AbsenceProof::snapshot);
    EXPECT_FALSE(first_.from_cookie);
    EXPECT_THAT(first_.cookie, ::testing::StartsWith("rid=100,csn="));
    const auto* user = first_.by_dn(user_dn(7));
    ASSERT_NE(user, nullptr);
    EXPECT_EQ(user->anchor.to_string(), rig.entry_uuid(user_dn(7)));
    EXPECT_EQ(user->dn_key, *dn_key(user_dn(7)));
    EXPECT_EQ(user->csn.size(), 40U);
    EXPECT_THAT(user->values("mail"), ::testing::ElementsAre("u0000007@rig.test"));
    EXPECT_TRUE(user->values("userPassword").empty());
    const auto* group = first_.by_dn(test::group_dn("g0001"));
    ASSERT_NE(group, nullptr);
    EXPECT_EQ(group->values("member").size(), 25U);
}

TEST_F(FeedRefresh, OnlyRequestedAttributesAreRead) {
    SlapdRig rig;
    rig.load_ldif(test::directory_ldif(3));
    rig.start();
    auto options = feed_options(rig);
    options.attributes = {"uid", "mail"};
    options.filter = "(objectClass=inetOrgPerson)";
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    const auto seen = runner.seen();
    EXPECT_EQ(seen.entries.size(), 3U);
    ASSERT_NE(seen.by_dn(user_dn(1)), nullptr);
    EXPECT_EQ(seen.by_dn(user_dn(1))->attributes.size(), 2U);
    EXPECT_FALSE(seen.by_dn(user_dn(1))->csn.empty());
}

TEST_F(FeedRefresh, ResumeWithoutChangesTransfersNothing) {
    SlapdRig rig;
    const auto cookie = first_run(rig, 20);
    FeedRunner again(feed_options(rig), cookie);
    ASSERT_TRUE(again.wait_refreshed());
    const auto seen = again.seen();
    EXPECT_TRUE(seen.from_cookie);
    EXPECT_TRUE(seen.changes.empty());
    EXPECT_TRUE(seen.present.empty());
    EXPECT_EQ(seen.proof, AbsenceProof::none);
    EXPECT_EQ(seen.cookie, cookie);
}

TEST_F(FeedRefresh, ResumeWithinTheSessionLogNamesDeletedEntries) {
    SlapdRig rig;
    const auto cookie = first_run(rig, 20);
    const auto gone = rig.entry_uuid(user_dn(3));
    rig.modify("dn: " + user_dn(3) + "\nchangetype: delete\n");
    rig.set(user_dn(4), "mail", "four@rig.test");
    FeedRunner again(feed_options(rig), cookie);
    ASSERT_TRUE(again.wait_refreshed());
    const auto seen = again.seen();
    EXPECT_THAT(seen.deleted, ::testing::ElementsAre(gone));
    EXPECT_EQ(seen.changes.size(), 1U);
    EXPECT_EQ(seen.changes[0].dn, user_dn(4));
    EXPECT_EQ(seen.proof, AbsenceProof::none);
    EXPECT_NE(seen.cookie, cookie);
}

TEST_F(FeedRefresh, ResumeOfAnInterruptedRunProvesAbsenceBySearch) {
    SlapdRig rig;
    const auto cookie = first_run(rig, 1200);
    rig.modify("dn: " + user_dn(3) + "\nchangetype: delete\n");
    rig.set(user_dn(4), "mail", "four@rig.test");
    FeedRunner again(feed_options(rig), cookie, true);
    ASSERT_TRUE(again.wait_refreshed());
    const auto seen = again.seen();
    EXPECT_EQ(seen.deleted.size(), 1U);
    EXPECT_EQ(seen.proof, AbsenceProof::present_phase);
    EXPECT_EQ(seen.changes.size(), 1U);
    EXPECT_EQ(seen.present.size(), first_.entries.size() - 1);
    EXPECT_FALSE(seen.present.contains(rig.entry_uuid(user_dn(3))));
    // What follows the search is delivered as ever.
    rig.modify("dn: " + user_dn(5) + "\nchangetype: delete\n");
    EXPECT_TRUE(again.wait([](const Seen& now) { return now.deleted.size() == 2; }));
}

TEST_F(FeedRefresh, HiddenIdentifiersProveNothing) {
    SlapdRig rig;
    const auto cookie = first_run(rig, 20);
    auto access = SlapdRig::default_access();
    access.insert(access.begin(), "to dn.base=\"" + user_dn(3) + "\" attrs=entryUUID by * none");
    rig.change_access(access);
    FeedRunner again(feed_options(rig), cookie, true);
    ASSERT_TRUE(again.wait_refreshed());
    EXPECT_EQ(again.seen().proof, AbsenceProof::none);
}

TEST_F(FeedRefresh, SizeLimitOfTheProofEndsWithoutProof) {
    SlapdRig rig;
    const auto cookie = first_run(rig, 600);
    rig.set(user_dn(4), "mail", "four@rig.test");
    auto options = feed_options(rig);
    options.connection.bind_dn = user_dn(1);  // without the limits of the service account
    options.connection.secret = [] { return Secret(std::string(test::user_password)); };
    FeedRunner again(options, cookie, true);
    EXPECT_EQ(again.result().end, FeedEnd::limited);
    EXPECT_EQ(again.seen().refreshes_done, 0);
}

TEST_F(FeedRefresh, ResumeAfterRestartProvesAbsenceByPresence) {
    SlapdRig rig;
    const auto cookie = first_run(rig, 600);
    rig.modify("dn: " + user_dn(3) + "\nchangetype: delete\n");
    rig.set(user_dn(4), "mail", "four@rig.test");
    rig.restart();
    FeedRunner again(feed_options(rig), cookie);
    ASSERT_TRUE(again.wait_refreshed());
    const auto seen = again.seen();
    EXPECT_EQ(seen.proof, AbsenceProof::present_phase);
    EXPECT_TRUE(seen.deleted.empty());
    EXPECT_EQ(seen.changes.size(), 1U);
    EXPECT_EQ(named(seen), first_.entries.size() - 1);
}

TEST_F(FeedRefresh, SessionLogOverflowProvesAbsenceByPresence) {
    SlapdRig rig(SlapdOptions{.session_log = 5});
    const auto cookie = first_run(rig, 30);
    rig.modify("dn: " + user_dn(3) + "\nchangetype: delete\n");
    for (int i = 0; i < 10; ++i) {
        rig.set(user_dn(4), "title", "Title " + std::to_string(i));
    }
    FeedRunner again(feed_options(rig), cookie);
    ASSERT_TRUE(again.wait_refreshed());
    EXPECT_EQ(again.seen().proof, AbsenceProof::present_phase);
    EXPECT_EQ(named(again.seen()), first_.entries.size() - 1);
}

TEST_F(FeedRefresh, MalformedCookieIsRejectedBeforeAnythingIsRead) {
    SlapdRig rig;
    first_run(rig, 5);
    for (const auto* cookie :
         {"garbage", "rid=100", "rid=100,csn=", "csn=20260101000000.000000Z#000000#000#000000"}) {
        FeedRunner runner(feed_options(rig), cookie);
        EXPECT_EQ(runner.result().end, FeedEnd::cookie_rejected) << cookie;
        EXPECT_EQ(runner.seen().refreshes_started, 0);
    }
}

TEST_F(FeedRefresh, CookieAheadOfTheServerKeepsData) {
    SlapdRig rig;
    first_run(rig, 5);
    FeedRunner runner(feed_options(rig), "rid=100,csn=20991231000000.000000Z#000000#000#000000");
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::provider_behind);
    EXPECT_EQ(result.error.code, "provider_behind");
    EXPECT_TRUE(runner.seen().deleted.empty());
    EXPECT_EQ(runner.seen().refreshes_done, 0);
}

TEST_F(FeedRefresh, VeryOldCookieGivesEverythingAgain) {
    SlapdRig rig;
    first_run(rig, 30);
    FeedRunner runner(feed_options(rig), "rid=100,csn=20010101000000.000000Z#000000#000#000000");
    ASSERT_TRUE(runner.wait_refreshed());
    EXPECT_EQ(runner.seen().entries.size(), first_.entries.size());
    EXPECT_EQ(runner.seen().proof, AbsenceProof::present_phase);
}

TEST_F(FeedRefresh, RestoredBackupIsNoticed) {
    SlapdRig rig;
    rig.load_ldif(test::directory_ldif(5));
    const auto backup = rig.dump_ldif();
    rig.start();
    std::string cookie;
    {
        FeedRunner runner(feed_options(rig));
        ASSERT_TRUE(runner.wait_refreshed());
        rig.set(user_dn(1), "mail", "new@rig.test");
        ASSERT_TRUE(runner.wait([](const Seen& seen) { return seen.cookies > 0; }));
        cookie = runner.seen().cookie;
    }
    rig.stop();
    rig.wipe();
    rig.load_ldif(backup);
    rig.start();
    FeedRunner restored(feed_options(rig), cookie);
    EXPECT_EQ(restored.result().end, FeedEnd::provider_behind);
    EXPECT_TRUE(restored.seen().deleted.empty());
    EXPECT_EQ(restored.seen().refreshes_done, 0);
}

TEST_F(FeedRefresh, SizeLimitEndsWithoutProof) {
    SlapdRig rig(SlapdOptions{.service_size_limit = "20"});
    rig.load_ldif(test::directory_ldif(50));
    rig.start();
    FeedRunner runner(feed_options(rig));
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::limited);
    EXPECT_THAT(result.error.detail, ::testing::HasSubstr("olcLimits"));
    EXPECT_EQ(runner.seen().refreshes_done, 0);
    EXPECT_TRUE(runner.seen().deleted.empty());
}

TEST_F(FeedRefresh, MissingBaseKeepsData) {
    SlapdRig rig;
    rig.load_ldif(test::directory_ldif(2));
    rig.start();
    auto options = feed_options(rig);
    options.base = "ou=nowhere," + SlapdRig::suffix();
    FeedRunner runner(options);
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::base_missing);
    EXPECT_THAT(result.error.detail, ::testing::HasSubstr("ou=nowhere"));
}

TEST_F(FeedRefresh, FilterThatMatchesNothingProvesNothing) {
    SlapdRig rig;
    rig.load_ldif(test::directory_ldif(2));
    rig.start();
    auto options = feed_options(rig);
    options.filter = "(objectClass=posixAccount)";
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    EXPECT_EQ(runner.seen().proof, AbsenceProof::none);
}

TEST_F(FeedRefresh, ServerWithoutSyncprovIsExplained) {
    SlapdRig rig;
    rig.load_ldif(test::directory_ldif(2));
    rig.start();
    auto options = feed_options(rig);
    options.base = "cn=config";
    options.connection.bind_dn = "cn=config";
    options.connection.secret = [] { return Secret(std::string("Config-Passw0rd")); };
    FeedRunner runner(options);
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::refused);
    EXPECT_EQ(result.error.code, "sync_unsupported");
}

TEST_F(FeedRefresh, FingerprintFollowsWhatTheCookieDependsOn) {
    SyncReplOptions options;
    options.base = "dc=Rig, dc=test";
    options.attributes = {"uid", "mail"};
    WorkConnection work({});
    const auto fingerprint = SyncReplFeed(work, options).fingerprint();
    auto same = options;
    same.base = "dc=rig,dc=test";
    same.attributes = {"MAIL", "uid"};
    EXPECT_EQ(SyncReplFeed(work, same).fingerprint(), fingerprint);
    auto wider = options;
    wider.attributes.emplace_back("title");
    EXPECT_NE(SyncReplFeed(work, wider).fingerprint(), fingerprint);
    auto elsewhere = options;
    elsewhere.base = "ou=people,dc=rig,dc=test";
    EXPECT_NE(SyncReplFeed(work, elsewhere).fingerprint(), fingerprint);
}

}  // namespace
}  // namespace bascule::ldap
