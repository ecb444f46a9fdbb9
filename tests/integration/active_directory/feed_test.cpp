// The feed alone against a real domain controller.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "connectors/ldap/dialects/active_directory/dir_sync_control.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_feed.hpp"
#include "directory/base/text.hpp"
#include "tests/integration/ldap/feed_runner.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::ldap {
namespace {

using directory::AbsenceProof;
using directory::FeedEnd;
using test::SambaRig;

class DomainFeed : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba_ = std::make_unique<SambaRig>();
        samba_->start();
        options_.connection.servers = {samba_->ldap_uri()};
        options_.connection.bind_dn = SambaRig::service_dn();
        options_.connection.secret = []() -> Result<Secret> {
            return Secret(SambaRig::service_password());
        };
        options_.base = SambaRig::suffix();
        options_.attributes = {"cn", "mail", "member", "sAMAccountName", "accountActive"};
        options_.poll = std::chrono::milliseconds(100);
    }

    std::unique_ptr<FeedRunner> run(const std::string& cookie = {}) {
        return std::make_unique<FeedRunner>(std::make_unique<DirSyncFeed>(options_), cookie);
    }
    /// A cookie of a complete run.
    std::string take_cookie() {
        const auto feed = run();
        EXPECT_TRUE(feed->wait_refreshed());
        feed->stop();
        return feed->seen().cookie;
    }
    std::vector<std::string> add_users(int count) {
        std::vector<std::string> names;
        for (int i = 0; i < count; ++i) {
            names.push_back(samba_->add_user("user" + std::to_string(i)));
        }
        return names;
    }
    std::string add_group(const std::vector<std::string>& members) {
        const std::string dn = "CN=many," + SambaRig::groups();
        std::string ldif = "dn: " + dn + "\nobjectClass: group\nsAMAccountName: many\n";
        for (const auto& member : members) {
            ldif += "member: " + member + "\n";
        }
        samba_->modify(ldif);
        return dn;
    }
    static std::set<std::string> members(const Seen& seen, const std::string& group) {
        const auto* entry = seen.by_dn(group);
        if (entry == nullptr) {
            return {};
        }
        const auto& values = entry->values("member");
        return {values.begin(), values.end()};
    }

    std::unique_ptr<SambaRig> samba_;
    DirSyncOptions options_;
};

TEST_F(DomainFeed, ManyMembersAreReadInRangesAndFollowed) {
    options_.range = 3;
    options_.page = 20;
    auto users = add_users(8);
    const auto group = add_group(users);
    const auto feed = run();
    ASSERT_TRUE(feed->wait_refreshed());
    EXPECT_EQ(feed->seen().proof, AbsenceProof::snapshot);
    EXPECT_EQ(members(feed->seen(), group), std::set<std::string>(users.begin(), users.end()));

    samba_->modify(
        "dn: " + group + "\nchangetype: modify\ndelete: member\nmember: " + users.back() + "\n"
    );
    users.pop_back();
    const std::set<std::string> rest(users.begin(), users.end());
    EXPECT_TRUE(feed->wait([&](const Seen& seen) { return members(seen, group) == rest; }));
    const auto all = "CN=Domain Users,CN=Users," + SambaRig::suffix();
    EXPECT_TRUE(members(feed->seen(), all).contains(users.front()));
}

/// Anchors of those who joined (or left) the group, over all changes.
std::multiset<std::string> told(
    const Seen& seen, const Uuid& group,
    std::vector<directory::MemberChange::Member> directory::MemberChange::*which
) {
    std::multiset<std::string> out;
    for (const auto& change : seen.member_changes) {
        if (change.anchor == group) {
            for (const auto& member : change.*which) {
                out.insert(member.anchor ? member.dn + " " + member.anchor->to_string() : "");
            }
        }
    }
    return out;
}

TEST_F(DomainFeed, WhoJoinsAndLeavesIsToldWithoutTheGroup) {
    options_.tells_members = true;
    auto users = add_users(8);
    const auto outsider = samba_->add_user("outsider");
    const auto group = add_group(users);
    const auto feed = run();
    feed->take_member_changes();
    ASSERT_TRUE(feed->wait_refreshed());
    const auto anchor = feed->seen().by_dn(group)->anchor;
    const auto name = [&](const std::string& dn) {
        return dn + " " + feed->seen().by_dn(dn)->anchor.to_string();
    };
    const auto reads = feed->seen().change_count(group);
    samba_->modify(
        "dn: " + group + "\nchangetype: modify\ndelete: member\nmember: " + users[0] +
        "\n-\nadd: member\nmember: " + outsider + "\n"
    );
    ASSERT_TRUE(feed->wait([](const Seen& seen) { return !seen.member_changes.empty(); }));
    EXPECT_EQ(
        told(feed->seen(), anchor, &directory::MemberChange::added),
        std::multiset<std::string>{name(outsider)}
    );
    EXPECT_EQ(
        told(feed->seen(), anchor, &directory::MemberChange::removed),
        std::multiset<std::string>{name(users[0])}
    );
    EXPECT_EQ(feed->seen().change_count(group), reads);

    // Something else changed with it: the whole entry comes.
    samba_->modify(
        "dn: " + group + "\nchangetype: modify\nadd: member\nmember: " + users[0] +
        "\n-\nreplace: mail\nmail: many@example.com\n"
    );
    ASSERT_TRUE(feed->wait([&](const Seen& seen) { return seen.change_count(group) > reads; }));
    EXPECT_TRUE(members(feed->seen(), group).contains(users[0]));
}

TEST_F(DomainFeed, AGroupThatIsSomebodysPrimaryGroupIsReadWhenMembersLeave) {
    options_.tells_members = true;
    const auto alice = samba_->add_user("alice");
    const auto group = add_group({alice});
    const auto feed = run();
    feed->take_member_changes();
    ASSERT_TRUE(feed->wait_refreshed());
    const auto sid = feed->seen().by_dn(group)->first_value("objectSid");
    samba_->modify(
        "dn: " + alice + "\nchangetype: modify\nreplace: primaryGroupID\nprimaryGroupID: " +
        sid.substr(sid.rfind('-') + 1) + "\n"
    );
    const auto all = "CN=Domain Users,CN=Users," + SambaRig::suffix();
    EXPECT_TRUE(feed->wait([&](const Seen& seen) {
        return seen.change_count(group) > 1 && members(seen, group).contains(alice);
    }));
    for (const auto& change : feed->seen().member_changes) {
        EXPECT_TRUE(change.removed.empty());
    }
}

TEST_F(DomainFeed, EntriesCarryReadableIdentifiersAndAccountState) {
    const auto dn = samba_->add_user("alice", "Passw0rd-1");
    const auto feed = run();
    ASSERT_TRUE(feed->wait_refreshed());
    const auto seen = feed->seen();
    const auto* alice = seen.by_dn(dn);
    ASSERT_NE(alice, nullptr);
    EXPECT_EQ(alice->values("objectGUID"), directory::AttributeValues{alice->anchor.to_string()});
    EXPECT_TRUE(alice->values("objectSid").front().starts_with("S-1-5-21-"));
    EXPECT_EQ(alice->values("accountActive"), directory::AttributeValues{"TRUE"});
    EXPECT_TRUE(parse_generalized_time(alice->csn));
    // By the name that Windows shows for it.
    const auto found =
        samba_->client().values("<GUID=" + alice->anchor.to_string() + ">", "sAMAccountName");
    EXPECT_EQ(found, std::vector<std::string>{"alice"});
}

TEST_F(DomainFeed, WithoutSightOfDeletedObjectsAllAnchorsAreCompared) {
    options_.connection.bind_dn = SambaRig::reader_dn();
    options_.audit = std::chrono::milliseconds(200);
    const auto dn = samba_->add_user("alice");
    const auto feed = run();
    ASSERT_TRUE(feed->wait_refreshed());
    const auto anchor = feed->seen().by_dn(dn)->anchor.to_string();
    ASSERT_TRUE(feed->wait([&](const Seen& seen) { return seen.present.contains(anchor); }));
    EXPECT_TRUE(feed->wait([](const Seen& seen) {
        return seen.proof == AbsenceProof::present_phase;
    }));
    samba_->modify("dn: " + dn + "\nchangetype: delete\n");
    const int rounds = feed->seen().refreshes_done;
    // A comparison that took long, on a busy machine, puts the next one off.
    for (const int more : {0, 1}) {
        EXPECT_TRUE(feed->wait([&](const Seen& seen) { return seen.refreshes_done > rounds + more; }
        ));
    }
    EXPECT_TRUE(feed->seen().deleted.empty());
}

TEST_F(DomainFeed, DeletedObjectsAreToldToWhoMaySeeThem) {
    const auto dn = samba_->add_user("alice");
    const auto feed = run();
    ASSERT_TRUE(feed->wait_refreshed());
    const auto anchor = feed->seen().by_dn(dn)->anchor.to_string();
    samba_->modify("dn: " + dn + "\nchangetype: delete\n");
    EXPECT_TRUE(feed->wait([&](const Seen& seen) {
        return std::ranges::find(seen.deleted, anchor) != seen.deleted.end();
    }));
}

TEST_F(DomainFeed, ALockoutEndsWithoutAChangeInTheDirectory) {
    samba_->modify(
        "dn: " + SambaRig::suffix() +
        "\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 2\n-\n"
        "replace: lockOutObservationWindow\nlockOutObservationWindow: -30000000\n-\n"
        "replace: lockoutDuration\nlockoutDuration: -30000000\n"
    );
    const auto dn = samba_->add_user("alice", "Passw0rd-1");
    const auto feed = run();
    ASSERT_TRUE(feed->wait_refreshed());
    for (int attempt = 0; attempt < 3; ++attempt) {
        static_cast<void>(samba_->bind_failure("alice@rig.test", "wrong"));
    }
    const auto locked = [&](const Seen& seen) {
        return seen.by_dn(dn)->values("accountLocked").front();
    };
    EXPECT_TRUE(feed->wait([&](const Seen& seen) { return locked(seen) == "TRUE"; }));
    EXPECT_TRUE(feed->wait([&](const Seen& seen) { return locked(seen) == "FALSE"; }));
    EXPECT_NE(samba_->client().values(dn, "lockoutTime"), std::vector<std::string>{"0"});
}

TEST_F(DomainFeed, ACookieThatTheServerRefusesMeansASnapshot) {
    auto cookie = *DirSyncCookie::parse(take_cookie());
    cookie.bytes = "nonsense";
    auto feed = run(cookie.to_string());
    EXPECT_EQ(feed->result().end, FeedEnd::cookie_rejected);
    EXPECT_EQ(feed->seen().refreshes_started, 0);
    EXPECT_EQ(run("rid=000,csn=1")->result().end, FeedEnd::cookie_rejected);
}

TEST_F(DomainFeed, ARestoredDatabaseMeansASnapshot) {
    const auto cookie = take_cookie();
    samba_->stop();
    samba_->change_identity();
    samba_->start();
    EXPECT_EQ(run(cookie)->result().end, FeedEnd::cookie_rejected);
}

TEST_F(DomainFeed, AnotherControllerOfTheDomainGoesOn) {
    auto cookie = *DirSyncCookie::parse(take_cookie());
    cookie.controller = "CN=NTDS Settings,CN=DC2";
    cookie.database = Uuid{};
    samba_->add_user("alice");
    const auto feed = run(cookie.to_string());
    ASSERT_TRUE(feed->wait_refreshed());
    EXPECT_TRUE(feed->seen().from_cookie);
    EXPECT_NE(feed->seen().by_dn("CN=alice," + SambaRig::people()), nullptr);
    EXPECT_LT(feed->seen().changes.size(), 5U);
}

TEST_F(DomainFeed, ACookieOlderThanDeletedObjectsAreKeptIsRefused) {
    auto cookie = *DirSyncCookie::parse(take_cookie());
    cookie.time -= std::chrono::hours(24 * 31);
    EXPECT_EQ(run(cookie.to_string())->result().end, FeedEnd::cookie_rejected);
}

TEST_F(DomainFeed, WhatIsWrongIsTold) {
    options_.base = "OU=nowhere," + SambaRig::suffix();
    EXPECT_EQ(run()->result().end, FeedEnd::base_missing);
    options_.base = "DC=other";
    EXPECT_EQ(run()->result().end, FeedEnd::base_missing);
    options_.base = SambaRig::suffix();
    options_.connection.bind_dn = "CN=nobody," + SambaRig::suffix();
    EXPECT_EQ(run()->result().end, FeedEnd::refused);
}

TEST_F(DomainFeed, EndsWhenItIsAskedTo) {
    const auto feed = run();
    ASSERT_TRUE(feed->wait_refreshed());
    EXPECT_EQ(feed->stop().end, FeedEnd::stopped);
}

}  // namespace
}  // namespace bascule::ldap
