// Fail-over between two OpenLDAP providers that replicate to each other.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/plain_inspector.hpp"
#include "tests/integration/connections/provider_pair.hpp"
#include "tests/support/relay.hpp"

namespace bascule::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Failover : public testing::Test {
  protected:
    [[nodiscard]] ldap::Reachability& reach() const { return *setup_.source.connection.reach; }
    [[nodiscard]] std::string server() const { return reach().view().server; }
    [[nodiscard]] bool wait_live_at(const MirrorRig& mirror, const std::string& uri) const {
        return MirrorRig::wait([&] { return mirror.status().state == "live" && server() == uri; });
    }
    [[nodiscard]] static bool wait_title(
        MirrorRig& mirror, std::size_t user, const std::string& title
    ) {
        return MirrorRig::wait([&] {
            return mirror.document(user_dn(user)).find(title) != std::string::npos;
        });
    }

    ProviderPair pair_{directory_ldif(300, 4)};
    MirrorSetup setup_ = pair_.mirror_setup();
};

TEST_F(Failover, KilledProviderIsReplacedWithinFiveSecondsAndNothingIsReadAgain) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    const auto received = mirror.status().received;
    const auto before = steady_clock::now();
    pair_.first().kill();
    pair_.second().set(user_dn(7), "title", "at the second");
    ASSERT_TRUE(wait_title(mirror, 7, "at the second"));
    const auto took = steady_clock::now() - before;
    EXPECT_LT(took, seconds(5));
    RecordProperty(
        "milliseconds", static_cast<int>(std::chrono::duration_cast<milliseconds>(took).count())
    );
    EXPECT_EQ(mirror.status().received, received + 1);
    EXPECT_EQ(server(), pair_.second().ldap_uri());
    EXPECT_THAT(reach().view().set_aside, ElementsAre(pair_.first().ldap_uri()));
    // The comparison asks whom the feed asks.
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(Failover, FeedReturnsToThePreferredProviderAndNothingIsReadAgain) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    const auto received = mirror.status().received;
    pair_.first().stop();
    ASSERT_TRUE(wait_live_at(mirror, pair_.second().ldap_uri()));
    pair_.second().set(user_dn(8), "title", "meanwhile");
    ASSERT_TRUE(wait_title(mirror, 8, "meanwhile"));
    pair_.first().start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    pair_.first().set(user_dn(9), "title", "back again");
    ASSERT_TRUE(wait_title(mirror, 9, "back again"));
    EXPECT_EQ(mirror.status().received, received + 2);
    pair_.wait_in_step();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// The second has not heard of what the first told last: an entry that it lacks was not deleted.
TEST_F(Failover, ProviderThatIsBehindIsWaitedForAndNothingIsDeleted) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    pair_.second().stop();
    const auto new_user = users_ldif({1, 900, 10});
    pair_.first().modify(new_user);
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.entry(user_dn(900)).has_value(); }));
    pair_.first().stop();
    pair_.second().start();
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.status().last_error.find("provider_behind") != std::string::npos;
    })) << mirror.status().state
        << mirror.status().last_error;
    EXPECT_EQ(mirror.status().state, "degraded");
    EXPECT_TRUE(mirror.entry(user_dn(900)).has_value());
    pair_.first().start();
    // It is tried again at longer and longer intervals, 30 s at most.
    ASSERT_TRUE(mirror.wait_live() || mirror.wait_live()) << mirror.status().last_error;
    pair_.wait_in_step();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_TRUE(mirror.entry(user_dn(900)).has_value());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// The preferred server is there again and lacks what the other one has told since.
TEST_F(Failover, ComparisonsAskTheServerOfTheFeedAndNotOneThatIsBehind) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    pair_.first().stop();
    ASSERT_TRUE(wait_live_at(mirror, pair_.second().ldap_uri()));
    pair_.second().modify(users_ldif({1, 900, 10}));
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.entry(user_dn(900)).has_value(); }));
    ProviderPair::cut_off(pair_.first());
    pair_.first().start();
    const auto others_go_to_the_first = [&] {
        const auto other = ldap::Connection::open_bound(
            setup_.source.connection, steady_clock::now() + seconds(5)
        );
        return other && other->server() == pair_.first().ldap_uri();
    };
    ASSERT_TRUE(MirrorRig::wait(others_go_to_the_first));
    ldap::WorkConnection work(setup_.source.connection);
    ldap::PlainInspector inspector(
        work, {.connection = setup_.source.connection, .base = SlapdRig::suffix(), .attributes = {}}
    );
    bool listed = false;
    const auto listing = inspector.list(
        [&](const directory::EntryInspector::Listed& one) -> Status {
            listed = listed || one.dn == user_dn(900);
            return {};
        },
        {}
    );
    ASSERT_TRUE(listing.has_value()) << listing.error().context;
    EXPECT_TRUE(listed);
    const auto looked = inspector.look_for(
        mirror.entry(user_dn(900))->anchor, steady_clock::now() + seconds(5), {}
    );
    ASSERT_TRUE(looked.has_value()) << looked.error().context;
    EXPECT_EQ(looked->verdict, directory::Inspection::Verdict::found);
    EXPECT_EQ(server(), pair_.second().ldap_uri());
}

/// With the time-outs that a source has without any configuration.
TEST_F(Failover, SilentProviderIsReplacedWithinFiveSecondsAndNothingIsReadAgain) {
    setup_.source.connection.network_timeout = seconds(5);
    setup_.source.connection.operation_timeout = seconds(10);
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    const auto received = mirror.status().received;
    pair_.first().freeze();
    const auto before = steady_clock::now();
    ASSERT_TRUE(wait_live_at(mirror, pair_.second().ldap_uri()));
    const auto took = steady_clock::now() - before;
    EXPECT_LT(took, seconds(5));
    RecordProperty(
        "milliseconds", static_cast<int>(std::chrono::duration_cast<milliseconds>(took).count())
    );
    EXPECT_EQ(mirror.status().received, received);
    pair_.second().set(user_dn(5), "title", "at the second");
    ASSERT_TRUE(wait_title(mirror, 5, "at the second"));
    pair_.first().thaw();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    EXPECT_EQ(mirror.status().received, received + 1);
    pair_.wait_in_step();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// Slow is not silent: here every answer takes longer than the first question may.
TEST_F(Failover, SlowProviderIsNotLeft) {
    Relay relay(pair_.first().port());
    setup_.source.connection.silence = seconds(6);
    // A new connection of the heartbeat waits for several answers in a row.
    setup_.source.connection.network_timeout = seconds(5);
    setup_.source.connection.operation_timeout = seconds(10);
    setup_.source.connection.servers.front() = fmt::format("ldap://127.0.0.1:{}", relay.port());
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, setup_.source.connection.servers.front()));
    const auto streams = reach().view().streams;
    relay.delay(milliseconds(1700));
    // Two rounds of questions.
    const auto until = steady_clock::now() + seconds(10);
    static_cast<void>(MirrorRig::wait([&] {
        return steady_clock::now() > until || reach().view().streams > streams;
    }));
    EXPECT_EQ(reach().view().streams, streams);
    EXPECT_EQ(server(), setup_.source.connection.servers.front());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(Failover, WritesLeaveASilentProviderWithTheFeed) {
    ldap::WorkConnection work(setup_.source.connection);
    const auto read_from = [&]() -> std::string {
        const auto from = work.run<std::string>(
            steady_clock::now() + seconds(5),
            [](ldap::Connection& connection) -> Result<std::string> {
                BASCULE_TRY(
                    [[maybe_unused]] const auto found,
                    connection.search({}, steady_clock::now() + seconds(5))
                );
                return connection.server();
            }
        );
        return from ? *from : from.error().code;
    };
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    ASSERT_EQ(read_from(), pair_.first().ldap_uri());
    pair_.first().freeze();
    ASSERT_TRUE(wait_live_at(mirror, pair_.second().ldap_uri()));
    const auto before = steady_clock::now();
    EXPECT_EQ(read_from(), pair_.second().ldap_uri());
    EXPECT_LT(steady_clock::now() - before, seconds(1));
    pair_.first().thaw();
}

TEST_F(Failover, WorkConnectionsLearnFromTheFeedWhichServerFailed) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(wait_live_at(mirror, pair_.first().ldap_uri()));
    pair_.first().kill();
    ASSERT_TRUE(wait_live_at(mirror, pair_.second().ldap_uri()));
    const auto connection =
        ldap::Connection::open_bound(setup_.source.connection, steady_clock::now() + seconds(5));
    ASSERT_TRUE(connection.has_value());
    EXPECT_EQ(connection->server(), pair_.second().ldap_uri());
}

}  // namespace
}  // namespace bascule::test
