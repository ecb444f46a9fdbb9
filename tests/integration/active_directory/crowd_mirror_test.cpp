// A group of 5,000 seen by SCIM: it changes while it is read, live, and while nobody follows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "tests/integration/active_directory/domain_fixture.hpp"

namespace bascule::test {
namespace {

using std::chrono::seconds;

constexpr std::size_t crowd = 5000;
const std::string group = "CN=many," + SambaRig::groups();

class CrowdMirror : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba_ = std::make_unique<SambaRig>(SambaRole::crowded);
        // The changes come while the reading server process waits for its next question.
        samba_->start("standard");
        daemon_ = std::make_unique<DaemonRig>(
            DirectoryAccess{
                samba_->ldap_uri(), SambaRig::suffix(), SambaRig::service_dn(),
                SambaRig::service_password()},
            "    timeouts: { operation: 60s }\n"
            "    users: { filter: \"(objectClass=contact)\", map: { userName: cn } }\n"
            "    groups: { filter: \"(cn=many)\" }\n"
        );
    }
    void start() {
        daemon_->launch();
        daemon_->wait_for_state("live", seconds(120));
        static_cast<void>(daemon_->token());
    }
    /// Takes two away and brings one back, from every part of the group in turn.
    void change(std::size_t round) {
        const auto member = [](std::size_t number) {
            return fmt::format("member: CN=c{:05},{}\n", number % crowd, SambaRig::people());
        };
        const auto head = "dn: " + group + "\nchangetype: modify\n";
        const auto number = round * 1511;
        samba_->modify(head + "delete: member\n" + member(number) + member(number + 1));
        samba_->modify(head + "add: member\n" + member(number));
    }
    [[nodiscard]] std::set<std::string> in_the_directory() const {
        std::set<std::string> names;
        for (const auto& dn : samba_->client().values(group, "member")) {
            names.insert(dn.substr(3, dn.find(',') - 3));
        }
        return names;
    }
    [[nodiscard]] std::set<std::string> served() {
        std::map<std::string, std::string> names;
        for (const auto& user : daemon_->all("/Users")) {
            names[user["id"]] = user["userName"];
        }
        EXPECT_EQ(names.size(), crowd);
        std::set<std::string> members;
        const auto found = daemon_->find("/Groups", "displayName eq \"many\"");
        for (const auto& member : found.value("members", nlohmann::json::array())) {
            members.insert(names[member["value"]]);
        }
        return members;
    }
    /// Waits until SCIM shows the members that the directory has, of whom there are `count`.
    void expect_exact(std::size_t count) {
        const auto expected = in_the_directory();
        EXPECT_EQ(expected.size(), count);
        wait_until("the members", seconds(60), [&] { return served() == expected; });
        EXPECT_EQ(removals_by(*daemon_), 0U);
        EXPECT_EQ(daemon_->source_status()["held"], 0);
    }

    std::unique_ptr<SambaRig> samba_;
    std::unique_ptr<DaemonRig> daemon_;
};

TEST_F(CrowdMirror, AGroupThatChangesWhileItIsReadAndAfterwardsIsExact) {
    std::size_t round = 0;
    std::jthread writer([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            change(++round);
        }
    });
    start();
    writer.request_stop();
    writer.join();
    EXPECT_GT(round, 0U);
    expect_exact(crowd - round);
    for (int i = 0; i < 5; ++i) {
        change(++round);
    }
    expect_exact(crowd - round);
    ASSERT_EQ(daemon_->stop(), 0);
    for (int i = 0; i < 5; ++i) {
        change(++round);
    }
    start();
    expect_exact(crowd - round);
}

}  // namespace
}  // namespace bascule::test
