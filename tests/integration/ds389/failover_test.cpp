// Two 389 Directory Servers of the same content: a cookie of one is of no use at the other.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/integration/ds389/replica_pair.hpp"
#include "tests/support/daemon_rig.hpp"
#include "tests/support/removals.hpp"

namespace bascule::test {
namespace {

using std::chrono::seconds;
using Json = nlohmann::json;

constexpr std::size_t units = 3;

class Ds389Failover : public testing::Test {
  protected:
    [[nodiscard]] DaemonRig& daemon() { return *daemon_; }
    void SetUp() override {
        // Both in one list of YAML.
        const std::string servers = pair.first().ldap_uri() + "\", \"" + pair.second().ldap_uri();
        daemon_ = std::make_unique<DaemonRig>(servers, "    dialect: 389ds\n");
        daemon_->start();
        static_cast<void>(daemon_->token());
    }
    [[nodiscard]] Json user(std::size_t number) {
        return daemon().find("/Users", "userName eq \"" + user_uid(number) + "\"");
    }
    [[nodiscard]] bool is_live_at(const Ds389Rig& rig) {
        const auto status = daemon().source_status();
        return status.value("state", "") == "live" && status.value("server", "") == rig.ldap_uri();
    }

    ReplicaPair pair{
        units_ldif(units) + users_ldif({.count = 30, .first = 0, .units = units}) +
        groups_ldif(2, 30, units)};
    std::unique_ptr<DaemonRig> daemon_;
};

TEST_F(Ds389Failover, TheOtherServerIsComparedAndNobodyIsMissingMeanwhile) {
    const auto id = user(7).at("id");
    pair.first().stop();
    pair.second().set(user_dn(7, units), "title", "At the second");
    pair.second().modify("dn: " + user_dn(8, units) + "\nchangetype: delete\n");
    wait_until("the other server", seconds(60), [&] {
        EXPECT_EQ(user(9).value("userName", ""), user_uid(9)) << "is missing";
        return is_live_at(pair.second());
    });
    wait_until("what changed there", seconds(30), [&] {
        return user(7).value("title", "") == "At the second" && user(8).is_null();
    });
    EXPECT_EQ(user(7).at("id"), id);
    EXPECT_EQ(daemon().all("/Users").size(), 29U);

    // It stays there when the preferred one is back, through a restart of Bascule, too.
    pair.first().start();
    daemon().stop();
    pair.second().set(user_dn(9, units), "title", "Meanwhile");
    daemon().start();
    EXPECT_TRUE(is_live_at(pair.second()));
    wait_until("the change", seconds(30), [&] {
        return user(9).value("title", "") == "Meanwhile";
    });
    EXPECT_LE(daemon().source_status().value("received", 99), 2) << "it read everything again";
    const auto report = Json::parse(
        daemon().command({"--json", "drift", "--now"}).output, nullptr, false
    )["sources"][0]["report"];
    EXPECT_EQ(report["drift"], 0) << report;
    EXPECT_EQ(report["complete"], true) << report;
    EXPECT_EQ(removals_by(daemon()), 1U);
}

}  // namespace
}  // namespace bascule::test
