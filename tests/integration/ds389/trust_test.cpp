// Plans, rules tried beside the live ones, and comparisons with a real 389 Directory Server.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "tests/integration/daemon/plan_model.hpp"
#include "tests/integration/daemon/plan_stage.hpp"
#include "tests/support/daemon_rig.hpp"
#include "tests/support/ds389_rig.hpp"
#include "tests/support/relay.hpp"

namespace bascule::test {
namespace {

using std::chrono::seconds;
using Json = nlohmann::json;

constexpr std::size_t units = 3;
constexpr std::size_t users = 30;
constexpr const char* source_lines = "    dialect: 389ds\n    audit: { at: \"off\" }\n";

class Ds389Trust : public testing::Test {
  protected:
    void SetUp() override {
        ds389.modify(
            units_ldif(units) + users_ldif({.count = users, .first = 0, .units = units}) +
            groups_ldif(2, users, units)
        );
    }
    void TearDown() override {
        if (!ds389.running()) {
            ds389.start();
        }
        ds389.clear();
    }

    static void start(DaemonRig& daemon) {
        daemon.start();
        static_cast<void>(daemon.token());
    }
    /// The daemon's configuration with these lines in its source.
    static std::string candidate(const DaemonRig& daemon, const std::string& lines) {
        auto path = daemon.folder() + "/new.yaml";
        write_file(path, with_source_lines(daemon, lines));
        return path;
    }
    static void reload(const DaemonRig& daemon, const std::string& configuration) {
        std::filesystem::copy_file(
            configuration, daemon.configuration(), std::filesystem::copy_options::overwrite_existing
        );
        const auto result = daemon.command({"reload"});
        ASSERT_EQ(result.exit_code, 0) << result.output;
        daemon.wait_for_state("live");
    }
    static Json json_of(const DaemonRig& daemon, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "--json");
        return Json::parse(daemon.command(std::move(arguments)).output, nullptr, false);
    }
    static Json compare_now(const DaemonRig& daemon) {
        return json_of(daemon, {"drift", "--now"})["sources"][0]["report"];
    }
    static std::string title(const DaemonRig& daemon, std::size_t number) {
        const auto user = daemon.find("/Users", "userName eq \"" + user_uid(number) + "\"");
        return user.is_null() ? "nobody" : user.value("title", "");
    }
    static void wait_title(const DaemonRig& daemon, std::size_t number, const std::string& title) {
        wait_until(title, seconds(30), [&] { return Ds389Trust::title(daemon, number) == title; });
    }
    /// Stamps are of seconds.
    void wait_next_second() const {
        const auto now = [&] { return ds389.values("cn=monitor", "currenttime"); };
        const auto before = now();
        wait_until("the next second", seconds(10), [&] { return now() != before; });
    }
    static std::string remove(std::size_t number) {
        return "dn: " + user_dn(number, units) + "\nchangetype: delete\n\n";
    }

    Ds389Rig& ds389 = shared_ds389();
};

TEST_F(Ds389Trust, AReloadDoesExactlyWhatThePlanSaid) {
    DaemonRig daemon(ds389.ldap_uri(), source_lines);
    start(daemon);
    const auto lines = daemon.folder() + "/diff.jsonl";
    const auto other = candidate(
        daemon,
        "    users: { filter: \"(&(objectClass=inetOrgPerson)(!(uid=u0000007)))\", map: { "
        "nickName: sn } }\n    groups: { map: { displayName: \"team {cn}\" } }\n"
    );
    const auto before = served_by(daemon);
    const auto plan = json_of(daemon, {"plan", "--config", other, "--export", lines});
    const auto told = exported_lines(lines);
    EXPECT_EQ(plan.value("differences", std::size_t{0}), told.size()) << plan;
    EXPECT_GE(told.size(), users + 2);
    EXPECT_EQ(difference_of(before, served_by(daemon)), "") << "the plan changed the store";
    reload(daemon, other);
    EXPECT_EQ(difference_of(after_plan(before, told), served_by(daemon)), "");
    EXPECT_EQ(daemon.command({"plan", "--config", other}).exit_code, 0) << "nothing is left";
}

TEST_F(Ds389Trust, RulesBesideTheLiveOnesFollowTheDirectory) {
    DaemonRig daemon(ds389.ldap_uri(), source_lines);
    start(daemon);
    const auto lines = daemon.folder() + "/diff.jsonl";
    const auto other = candidate(daemon, "    users: { map: { nickName: title } }\n");
    const auto begun = daemon.command({"what-if", "start", "--config", other});
    ASSERT_EQ(begun.exit_code, 0) << begun.output;
    wait_until("the other rules to be live", seconds(30), [&] {
        const auto now = json_of(daemon, {"what-if", "status"});
        return now.contains("sources") && now["sources"].size() == 1 &&
               now["sources"][0].value("live", false);
    });
    ds389.set(user_dn(3, units), "title", "Pilot");
    ds389.modify(remove(5));
    const auto shown = [&] {
        static_cast<void>(daemon.command({"what-if", "show", "--export", lines}));
        return after_plan(served_by(daemon), exported_lines(lines));
    };
    wait_until("the change", seconds(30), [&] {
        const auto now = shown();
        return now.size() == users + 1 && std::ranges::any_of(now, [](const auto& one) {
                   const auto name = one.second.attributes.find("nickName");
                   return name != one.second.attributes.end() && name->second == "Pilot";
               });
    });
    const auto expected = shown();
    reload(daemon, other);
    EXPECT_EQ(difference_of(expected, served_by(daemon)), "");
    EXPECT_EQ(daemon.command({"what-if", "stop"}).exit_code, 0);
}

TEST_F(Ds389Trust, AComparisonFindsNothingAndChangesMeanwhileAreNoDrift) {
    DaemonRig daemon(ds389.ldap_uri(), source_lines);
    start(daemon);
    for (int round = 0; round < 3; ++round) {
        for (std::size_t user = 0; user < users; ++user) {
            ds389.set(user_dn(user, units), "title", fmt::format("Round {}", round));
        }
        const auto report = compare_now(daemon);
        EXPECT_EQ(report["drift"], 0) << report;
        EXPECT_EQ(report["complete"], true) << report;
        EXPECT_EQ(report["problem"], "") << report;
    }
}

/// A modification, a deletion and an addition that the stream loses while it tells what comes
/// after them: no number tells that.
TEST_F(Ds389Trust, ChangesThatWereDroppedInTheMiddleOfAStreamAreFoundByTheComparison) {
    std::atomic<int> dropped = 0;
    std::atomic<bool> armed = false;
    Relay relay(ds389.port(), [&](const Relay::Passing& passing) -> Relay::Verdict {
        const bool lost =
            armed && passing.from_server && passing.message.find("Lost") != std::string::npos;
        dropped += lost ? 1 : 0;
        return {lost ? Relay::Fate::drop : Relay::Fate::pass};
    });
    ds389.modify(
        users_ldif({.count = 1, .first = 900, .units = units}) + "dn: " + user_dn(900, units) +
        "\nchangetype: modrdn\nnewrdn: uid=Lost900\ndeleteoldrdn: 1\n\n"
    );
    DaemonRig daemon(fmt::format("ldap://127.0.0.1:{}", relay.port()), source_lines);
    start(daemon);
    wait_next_second();
    armed = true;
    const auto lost = fmt::format("uid=Lost900,ou=d0,ou=people,{}", Ds389Rig::suffix());
    ds389.set(user_dn(5, units), "title", "Lost");
    ds389.modify("dn: " + lost + "\nchangetype: delete\n");
    ds389.modify(
        "dn: uid=Lost901,ou=people," + Ds389Rig::suffix() +
        "\nobjectClass: inetOrgPerson\nuid: Lost901\ncn: L\nsn: L\n"
    );
    ds389.set(user_dn(6, units), "title", "Heard");
    wait_title(daemon, 6, "Heard");
    EXPECT_EQ(dropped, 3);
    armed = false;
    EXPECT_NE(title(daemon, 5), "Lost");
    const auto is_there = [&](const std::string& name) {
        return !daemon.find("/Users", "userName eq \"" + name + "\"").is_null();
    };
    EXPECT_TRUE(is_there("Lost900"));
    EXPECT_FALSE(is_there("Lost901"));
    const auto report = compare_now(daemon);
    EXPECT_EQ(report["stale"], 1) << report;
    EXPECT_EQ(report["surplus"], 1) << report;
    EXPECT_EQ(report["missing"], 1) << report;
    EXPECT_EQ(title(daemon, 5), "Lost");
    EXPECT_FALSE(is_there("Lost900"));
    EXPECT_TRUE(is_there("Lost901"));
    EXPECT_EQ(compare_now(daemon)["drift"], 0);
}

TEST_F(Ds389Trust, ABackupWhoseNumbersHaveBeenPassedIsFoundByTheComparison) {
    DaemonRig daemon(ds389.ldap_uri(), source_lines);
    start(daemon);
    ds389.stop();
    ds389.save();
    ds389.start();
    wait_next_second();
    ds389.set(user_dn(1, units), "title", "After the backup");
    ds389.modify(remove(2));
    ds389.modify(users_ldif({.count = 1, .first = 900, .units = units}));
    wait_until("the newcomer", seconds(60), [&] { return title(daemon, 900) != "nobody"; });
    ASSERT_EQ(title(daemon, 1), "After the backup");
    daemon.stop();
    const auto number = std::stoull(ds389.values("", "lastchangenumber").at(0));
    ds389.stop();
    ds389.restore();
    ds389.start();
    for (int round = 0; std::stoull(ds389.values("", "lastchangenumber").at(0)) <= number + 3;
         ++round) {
        ds389.set(user_dn(3, units), "title", fmt::format("Restored {}", round));
    }
    daemon.start();
    wait_until("the change", seconds(30), [&] {
        return title(daemon, 3) == ds389.values(user_dn(3, units), "title").at(0);
    });
    EXPECT_EQ(title(daemon, 1), "After the backup") << "the numbers hide it";
    const auto report = compare_now(daemon);
    EXPECT_EQ(report["stale"], 1) << report;
    EXPECT_EQ(report["surplus"], 1) << report;
    EXPECT_EQ(report["missing"], 1) << report;
    EXPECT_NE(title(daemon, 1), "After the backup");
    EXPECT_NE(title(daemon, 2), "nobody");
    EXPECT_EQ(title(daemon, 900), "nobody");
    EXPECT_EQ(compare_now(daemon)["drift"], 0);
}

}  // namespace
}  // namespace bascule::test
