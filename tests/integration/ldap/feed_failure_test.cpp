// How a feed ends when the server, the network or the sink fails.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "connectors/ldap/plain_inspector.hpp"
#include "tests/integration/ldap/feed_runner.hpp"
#include "tests/support/relay.hpp"

namespace bascule::ldap {
namespace {

using directory::FeedEnd;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::SlapdRig;
using test::user_dn;

class FeedFailure : public ::testing::Test {
  protected:
    void start(std::size_t users = 20) {
        rig_.load_ldif(test::directory_ldif(users));
        rig_.start();
    }
    SlapdRig rig_;
};

TEST_F(FeedFailure, StopEndsAQuietStreamWithinHalfASecond) {
    start();
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto before = steady_clock::now();
    EXPECT_EQ(runner.stop().end, FeedEnd::stopped);
    EXPECT_LT(steady_clock::now() - before, milliseconds(500));
}

TEST_F(FeedFailure, WrongPasswordIsRefused) {
    start();
    auto options = feed_options(rig_);
    options.connection.secret = [] { return Secret(std::string("wrong")); };
    FeedRunner runner(options);
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::refused);
    EXPECT_EQ(result.error.code, "directory_credentials");
    EXPECT_EQ(result.error.context.find("wrong"), std::string::npos);
}

TEST_F(FeedFailure, RotatedSecretIsReadAgainAtTheBind) {
    start();
    auto options = feed_options(rig_);
    auto reads = std::make_shared<int>(0);
    options.connection.secret = [reads] {
        return Secret(++*reads == 1 ? std::string("old") : SlapdRig::service_password());
    };
    FeedRunner runner(options);
    EXPECT_TRUE(runner.wait_refreshed());
}

TEST_F(FeedFailure, StrangersCertificateIsRefused) {
    start();
    for (const bool start_tls : {false, true}) {
        auto options = feed_options(rig_);
        options.connection.servers = {start_tls ? rig_.ldap_uri() : rig_.ldaps_uri()};
        options.connection.start_tls = start_tls;
        options.connection.ca_file = rig_.stranger_ca_file();
        FeedRunner runner(options);
        const auto result = runner.result();
        EXPECT_EQ(result.end, FeedEnd::refused);
        EXPECT_EQ(result.error.code, "directory_tls");
        // The sentence gives the keys to look at and the reason of the TLS library.
        const std::string& detail = result.error.detail;
        EXPECT_NE(detail.find("sources[].ca"), std::string::npos) << detail;
        EXPECT_NE(detail.find("could not be made: "), std::string::npos) << detail;
    }
}

TEST_F(FeedFailure, LdapsStartTlsAndLocalSocketWork) {
    start();
    auto options = feed_options(rig_);
    options.connection.start_tls = true;
    FeedRunner by_start_tls(options);
    EXPECT_TRUE(by_start_tls.wait_refreshed());
    options.connection.start_tls = false;
    options.connection.servers = {rig_.ldaps_uri()};
    FeedRunner by_tls(options);
    EXPECT_TRUE(by_tls.wait_refreshed());
    options.connection.servers = {rig_.ldapi_uri()};
    FeedRunner by_socket(options);
    EXPECT_TRUE(by_socket.wait_refreshed());
}

TEST_F(FeedFailure, SecondServerIsUsedWhenTheFirstIsDown) {
    start();
    auto options = feed_options(rig_);
    options.connection.servers = {"ldap://127.0.0.1:1", rig_.ldap_uri()};
    FeedRunner runner(options);
    EXPECT_TRUE(runner.wait_refreshed());
}

TEST_F(FeedFailure, ServerThatIsDownIsUnavailable) {
    FeedRunner runner(feed_options(rig_));
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::disconnected);
    EXPECT_EQ(result.error.code, "directory_unavailable");
}

TEST_F(FeedFailure, KillInARefreshGivesNoProofAndNoCookie) {
    start(3000);
    auto options = feed_options(rig_);
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait([&](const Seen& seen) { return seen.changes.size() > 10; }));
    runner.hold();
    rig_.kill();
    runner.release();
    const auto result = runner.result();
    const auto seen = runner.seen();
    EXPECT_EQ(result.end, FeedEnd::disconnected);
    if (seen.refreshes_done == 0) {
        EXPECT_TRUE(seen.cookie.empty());
    }
    EXPECT_TRUE(seen.deleted.empty());
}

TEST_F(FeedFailure, KillInPersistEndsAndResumeMissesNothing) {
    start();
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait_refreshed());
    rig_.set(user_dn(1), "title", "Before");
    ASSERT_TRUE(runner.wait([](const Seen& seen) { return seen.cookies == 1; }));
    rig_.kill();
    EXPECT_EQ(runner.result().end, FeedEnd::disconnected);
    rig_.start();
    rig_.set(user_dn(2), "title", "After");
    FeedRunner again(feed_options(rig_), runner.seen().cookie);
    ASSERT_TRUE(again.wait_refreshed());
    EXPECT_EQ(again.seen().change_count(user_dn(2)), 1U);
    EXPECT_TRUE(again.seen().deleted.empty());
}

TEST_F(FeedFailure, SinkErrorStopsTheFeed) {
    start();
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait([](const Seen& seen) {
        return seen.refreshes_done > 0 && seen.idle > 0;
    }));
    runner.fail_next();
    rig_.set(user_dn(1), "title", "Changed");
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::disconnected);
    EXPECT_EQ(result.error.code, "store_full");
}

TEST_F(FeedFailure, FrozenServerIsNoticedByTheHeartbeat) {
    start();
    auto options = feed_options(rig_);
    options.heartbeat = milliseconds(200);
    options.connection.operation_timeout = milliseconds(500);
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    rig_.freeze();
    const auto result = runner.result();
    rig_.thaw();
    EXPECT_EQ(result.end, FeedEnd::disconnected);
    EXPECT_EQ(result.error.code, "directory_silent");
}

TEST_F(FeedFailure, ChangesThatAStreamDoesNotDeliverAreNoticed) {
    start();
    test::Relay relay(rig_.port());
    auto options = feed_options(rig_);
    options.connection.servers = {fmt::format("ldap://127.0.0.1:{}", relay.port())};
    options.heartbeat = milliseconds(100);
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    relay.mute(0);
    rig_.set(user_dn(1), "title", "Unheard");
    const auto result = runner.result();
    EXPECT_EQ(result.end, FeedEnd::disconnected);
    EXPECT_EQ(result.error.code, "stream_dead");
    const auto cookie = runner.seen().cookie;
    FeedRunner again(options, cookie);
    EXPECT_TRUE(again.wait([](const Seen& seen) { return seen.change_count(user_dn(1)) == 1; }));
}

TEST_F(FeedFailure, HeartbeatAsksOnTheConnectionThatOthersAskedOn) {
    start();
    std::atomic<int> questions = 0;
    test::Relay relay(rig_.port(), [&](const test::Relay::Passing& passing) {
        questions += !passing.from_server && passing.connection == 0 ? 1 : 0;
        return test::Relay::Verdict();
    });
    auto options = feed_options(rig_);
    options.connection.servers = {fmt::format("ldap://127.0.0.1:{}", relay.port())};
    options.heartbeat = milliseconds(50);
    WorkConnection work(options.connection);
    PlainInspector inspector(work, {options.connection, options.base, options.attributes});
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    ASSERT_TRUE(inspector.look_at(user_dn(3), deadline, {}).has_value());
    const int asked = questions;
    FeedRunner runner(std::make_unique<SyncReplFeed>(work, options));
    ASSERT_TRUE(runner.wait_refreshed());
    while (questions < asked + 3 && steady_clock::now() < deadline) {
        std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_GE(questions, asked + 3);
    EXPECT_EQ(relay.connections(), 2U);
    EXPECT_EQ(runner.stop().end, FeedEnd::stopped);
}

TEST_F(FeedFailure, HeartbeatLeavesAHealthyStreamAlone) {
    start();
    auto options = feed_options(rig_);
    options.base = "ou=people," + SlapdRig::suffix();
    options.heartbeat = milliseconds(50);
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    for (int i = 0; i < 20; ++i) {
        rig_.set(user_dn(i), "title", fmt::format("Round {}", i));
        rig_.set("ou=services," + SlapdRig::suffix(), "description", fmt::format("Round {}", i));
    }
    ASSERT_TRUE(runner.wait([](const Seen& seen) { return seen.change_count(user_dn(19)) == 2; }));
    // Ten more beats with nothing to say.
    EXPECT_FALSE(runner.ends_within(milliseconds(600)));
}

}  // namespace
}  // namespace bascule::ldap
