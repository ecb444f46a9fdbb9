// kill -9 of the daemon, and of slapd, at random moments: no acknowledged write is lost, the mirror
// ends exact.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "tests/integration/survival/exactness.hpp"
#include "tests/support/removals.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;

constexpr std::size_t users = 2000;

Json new_user(const std::string& name) {
    return {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}}, {"userName", name}};
}

/// Creates local users one after the other until told to stop; keeps the names that were
/// acknowledged.
void create_users(
    const DaemonRig& daemon, int round, const std::atomic<bool>& stop,
    std::set<std::string>& acknowledged
) {
    for (int number = 0; !stop; ++number) {
        const std::string name = "local-" + std::to_string(round) + "-" + std::to_string(number);
        if (daemon.request("POST", "/scim/v2/Users", new_user(name)).status == 201) {
            acknowledged.insert(name);
        }
    }
}

void change_directory(SlapdRig& directory, std::mt19937& random, int round) {
    std::uniform_int_distribution<std::size_t> any(0, users - 1);
    for (int change = 0; change < 5; ++change) {
        const std::string value = "Title " + std::to_string(round) + "." + std::to_string(change);
        directory.set(user_dn(any(random)), "title", value);
    }
    const std::size_t member = any(random);
    const std::string record = "dn: " + group_dn("g0001") + "\nchangetype: modify\n";
    const std::vector<std::string> members = directory.values(group_dn("g0001"), "member");
    const bool present =
        std::find(members.begin(), members.end(), user_dn(member)) != members.end();
    directory.modify(
        record + (present ? "delete" : "add") + ": member\nmember: " + user_dn(member) + "\n"
    );
}

TEST(KillDaemon, NoAcknowledgedWriteIsLostAndTheMirrorEndsExact) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(users, 5));
    directory.start();
    DaemonRig daemon(directory);
    daemon.start();
    (void)daemon.token();

    std::mt19937 random(20261122);
    std::uniform_int_distribution<int> moment(0, 400);
    std::set<std::string> acknowledged;
    // A slow machine needs more rounds until enough was acknowledged to say something.
    for (int round = 0; round < 40 || (acknowledged.size() <= 100 && round < 400); ++round) {
        std::atomic<bool> stop = false;
        std::set<std::string> mine;
        std::thread client([&] { create_users(daemon, round, stop, mine); });
        change_directory(directory, random, round);
        std::this_thread::sleep_for(std::chrono::milliseconds(moment(random)));
        daemon.kill();
        stop = true;
        client.join();
        acknowledged.merge(mine);
        daemon.launch();
    }
    daemon.wait_for_state("live");
    EXPECT_EQ(settle(directory, daemon), "");
    EXPECT_EQ(removals_by(daemon), 0U);
    std::set<std::string> present;
    for (const Json& user : daemon.all("/Users")) {
        present.insert(user.at("userName"));
    }
    EXPECT_GT(acknowledged.size(), 20U);
    for (const std::string& name : acknowledged) {
        EXPECT_TRUE(present.contains(name)) << name << " was acknowledged and is lost";
    }
}

TEST(KillDaemon, AFirstMirrorThatIsCutOffStartsAgainAndEndsExact) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(users, 5));
    directory.start();
    DaemonRig daemon(directory);
    std::mt19937 random(7);
    std::uniform_int_distribution<int> moment(1, 250);
    for (int round = 0; round < 10; ++round) {
        daemon.launch();
        std::this_thread::sleep_for(std::chrono::milliseconds(moment(random)));
        daemon.kill();
        if (round % 3 == 2) {
            daemon.forget();
        }
    }
    daemon.start();
    (void)daemon.token();
    EXPECT_EQ(settle(directory, daemon), "");
    EXPECT_EQ(removals_by(daemon), 0U);
}

TEST(KillDirectory, RefreshAndPersistSurviveACrashOfTheServer) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(users, 5));
    directory.start();
    DaemonRig daemon(directory);
    std::mt19937 random(11);
    daemon.launch();
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    directory.kill();
    directory.start();
    daemon.wait_for_state("live");
    (void)daemon.token();
    for (int round = 0; round < 5; ++round) {
        change_directory(directory, random, round);
        directory.kill();
        directory.start();
        change_directory(directory, random, 100 + round);
    }
    daemon.wait_for_state("live");
    EXPECT_EQ(settle(directory, daemon), "");
    EXPECT_EQ(removals_by(daemon), 0U);
}

TEST(EmptiedDirectory, IsHeldAndNotWiped) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(300, 3));
    directory.start();
    DaemonRig daemon(directory);
    daemon.start();
    (void)daemon.token();
    daemon.stop();

    directory.stop();
    directory.wipe();
    directory.load_ldif(base_ldif());
    directory.start();
    daemon.launch();
    wait_until("removals to be held", std::chrono::seconds(30), [&] {
        const Json status = daemon.source_status();
        return status.is_object() && status.value("held", 0) >= 300;
    });
    EXPECT_EQ(daemon.request("GET", "/scim/v2/Users?count=0").json.at("totalResults"), 300);
    EXPECT_EQ(removals_by(daemon), 0U);
}

}  // namespace
}  // namespace bascule::test
