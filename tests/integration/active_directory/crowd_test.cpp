// A group of 5,000 that changes while it is read, in ranges of 1,500 as Active Directory gives
// them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "connectors/ldap/dialects/active_directory/dir_sync_feed.hpp"
#include "tests/integration/ldap/feed_runner.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::ldap {
namespace {

using test::SambaRig;

const std::string group = "CN=many," + SambaRig::groups();

std::set<std::string> members(const Seen& seen) {
    const auto* entry = seen.by_dn(group);
    if (entry == nullptr) {
        return {};
    }
    const auto& values = entry->values("member");
    return {values.begin(), values.end()};
}

class Crowd : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba_ = std::make_unique<SambaRig>(test::SambaRole::crowded);
        // The changes come while the reading server process waits for its next question.
        samba_->start("standard");
        options_.connection.servers = {samba_->ldap_uri()};
        options_.connection.bind_dn = SambaRig::service_dn();
        options_.connection.secret = []() -> Result<Secret> {
            return Secret(SambaRig::service_password());
        };
        options_.connection.operation_timeout = std::chrono::seconds(60);
        options_.base = SambaRig::suffix();
        options_.attributes = {"cn", "member"};
        options_.poll = std::chrono::milliseconds(100);
    }
    /// Takes one away and brings another back, from every part of the group in turn.
    void change(std::size_t round) {
        const auto member = [](std::size_t number) {
            return fmt::format("member: CN=c{:05},{}\n", number % 5000, SambaRig::people());
        };
        const auto head = "dn: " + group + "\nchangetype: modify\n";
        const auto number = round * 1511;
        samba_->modify(head + "delete: member\n" + member(number) + member(number + 1));
        samba_->modify(head + "add: member\n" + member(number));
    }
    [[nodiscard]] std::set<std::string> in_the_directory() const {
        const auto values = samba_->client().values(group, "member");
        return {values.begin(), values.end()};
    }

    std::unique_ptr<SambaRig> samba_;
    DirSyncOptions options_;
};

TEST_F(Crowd, AGroupThatChangesWhileItIsReadEndsExact) {
    std::atomic<bool> stop = false;
    std::atomic<std::size_t> rounds = 0;
    std::thread writer([&] {
        for (std::size_t round = 1; !stop; ++round) {
            change(round);
            rounds = round;
        }
    });
    const auto feed =
        std::make_unique<FeedRunner>(std::make_unique<DirSyncFeed>(options_), std::string());
    const bool refreshed = feed->wait_refreshed();
    const auto at_the_refresh = rounds.load();
    const bool changes = feed->wait([&](const Seen&) { return rounds > at_the_refresh + 5; });
    stop = true;
    writer.join();
    ASSERT_TRUE(refreshed);
    ASSERT_TRUE(changes);
    EXPECT_GT(at_the_refresh, 0U);
    const auto expected = in_the_directory();
    EXPECT_EQ(expected.size(), 5000U - rounds);
    EXPECT_TRUE(feed->wait([&](const Seen& seen) { return members(seen) == expected; }))
        << members(feed->seen()).size() << " of " << expected.size();
    EXPECT_TRUE(feed->seen().deleted.empty());
}

}  // namespace
}  // namespace bascule::ldap
