// Two controllers of one domain: the mirror goes on at the other one, exact, and stays there.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "tests/integration/active_directory/domain_fixture.hpp"

namespace bascule::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

const std::vector<std::string> nothing;

class TwoControllers : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        first_ = std::make_unique<SambaRig>(SambaRole::first);
        second_ = std::make_unique<SambaRig>(SambaRole::second);
        first_->start();
        second_->start();
    }

    /// Starts the program, which prefers the first controller.
    void serve() {
        daemon_ = std::make_unique<DaemonRig>(DirectoryAccess{
            first().ldap_uri() + "\", \"" + second().ldap_uri(), SambaRig::suffix(),
            SambaRig::service_dn(), SambaRig::service_password()});
        daemon_->launch();
        ASSERT_TRUE(wait_live_at(first()));
    }
    [[nodiscard]] bool wait_live_at(const SambaRig& controller) {
        const auto end = steady_clock::now() + seconds(40);
        while (steady_clock::now() < end) {
            const auto status = daemon().source_status();
            if (status.is_object() && status.value("state", "") == "live" &&
                status.value("server", "") == controller.ldap_uri()) {
                return true;
            }
            pause_briefly();
        }
        return false;
    }
    /// Until both hold the same.
    void replicate() {
        first().replicate_from(second());
        second().replicate_from(first());
    }
    void change_members(
        const SambaRig& at, const std::string& group, const std::string& kind,
        const std::string& member
    ) {
        at.modify(
            "dn: " + group + "\nchangetype: modify\n" + kind + ": member\nmember: " + member + "\n"
        );
    }
    [[nodiscard]] std::uint64_t received() { return daemon().source_status()["received"]; }

    SambaRig& first() { return *first_; }
    SambaRig& second() { return *second_; }
    DaemonRig& daemon() { return *daemon_; }

    /// Twenty people and a group of half of them, at both controllers.
    void fill() {
        std::string members;
        for (int i = 0; i < 20; ++i) {
            people_.push_back(first().add_user("user" + std::to_string(i)));
            members += i < 10 ? "member: " + people_.back() + "\n" : "";
        }
        first().modify("dn: " + group_ + "\nobjectClass: group\nsAMAccountName: staff\n" + members);
        replicate();
    }

    std::vector<std::string> people_;
    std::string group_ = "CN=staff," + SambaRig::groups();

  private:
    std::unique_ptr<SambaRig> first_;
    std::unique_ptr<SambaRig> second_;
    std::unique_ptr<DaemonRig> daemon_;
};

TEST_F(TwoControllers, FailOverWhileChangesFlowIsExact) {
    fill();
    serve();
    ASSERT_EQ(wait_domain_equal(first(), daemon()), nothing);
    first().set(people_[0], "mail", "first@example.com");
    second().set(people_[1], "mail", "second@example.com");
    change_members(second(), group_, "delete", people_[2]);
    replicate();
    ASSERT_EQ(wait_domain_equal(first(), daemon()), nothing);
    EXPECT_EQ(wait_domain_equal(second(), daemon()), nothing);
    // What the first does not hear of any more.
    second().set(people_[3], "mail", "unheard@example.com");
    second().modify("dn: " + people_[4] + "\nchangetype: delete\n");
    const auto before = received();
    first().kill();
    for (std::size_t i = 5; i < 8; ++i) {
        second().set(people_[i], "mail", fmt::format("alone{}@example.com", i));
    }
    second().add_user("newcomer");
    change_members(second(), group_, "add", people_[15]);
    ASSERT_TRUE(wait_live_at(second()));
    EXPECT_EQ(wait_domain_equal(second(), daemon()), nothing);
    // Six people and the groups of two changes and of everybody; else nothing is told again.
    const auto told = received() - before;
    RecordProperty("told", static_cast<int>(told));
    EXPECT_LE(told, 12U);
    EXPECT_EQ(removals_by(daemon()), 1U);

    first().start();
    replicate();
    first().set(people_[9], "mail", "again@example.com");
    second().replicate_from(first());
    EXPECT_EQ(wait_domain_equal(first(), daemon()), nothing);
    EXPECT_TRUE(wait_live_at(second()));
    EXPECT_EQ(removals_by(daemon()), 1U);
}

/// With a deleted object that shows the account's right to see it, and without.
class Unheard : public TwoControllers, public testing::WithParamInterface<bool> {};

TEST_P(Unheard, WhatTheOtherOneHasNotHeardOfIsNotTakenForDeleted) {
    fill();
    serve();
    first().add_user("unheard");
    if (GetParam()) {
        first().modify("dn: " + people_[0] + "\nchangetype: delete\n");
    }
    const std::size_t removed = GetParam() ? 1 : 0;
    ASSERT_EQ(wait_domain_equal(first(), daemon()), nothing);
    first().kill();
    second().set(people_[1], "mail", "second@example.com");
    ASSERT_TRUE(wait_live_at(second()));
    wait_until("a change at the second", seconds(20), [&] {
        const auto user = daemon().find("/Users", "userName eq \"user1@rig.test\"");
        return user.is_object() && user.contains("emails") &&
               user["emails"][0]["value"] == "second@example.com";
    });
    EXPECT_FALSE(daemon().find("/Users", "userName eq \"unheard@rig.test\"").is_null());
    EXPECT_EQ(removals_by(daemon()), removed);
    first().start();
    replicate();
    EXPECT_EQ(wait_domain_equal(second(), daemon()), nothing);
    EXPECT_EQ(wait_domain_equal(first(), daemon()), nothing);
    EXPECT_EQ(removals_by(daemon()), removed);
}

INSTANTIATE_TEST_SUITE_P(NoDeletionAndOne, Unheard, testing::Bool());

TEST_F(TwoControllers, ASilentControllerIsLeftWithinFiveSeconds) {
    fill();
    serve();
    ASSERT_EQ(wait_domain_equal(first(), daemon()), nothing);
    const auto before = steady_clock::now();
    first().freeze();
    const bool left = wait_live_at(second());
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - before);
    first().thaw();
    ASSERT_TRUE(left);
    EXPECT_LT(took, seconds(5));
    RecordProperty("milliseconds", static_cast<int>(took.count()));
    EXPECT_EQ(wait_domain_equal(second(), daemon()), nothing);
    EXPECT_EQ(removals_by(daemon()), 0U);
}

TEST_F(TwoControllers, TheOneThatWasReadLastIsReadAfterARestart) {
    fill();
    serve();
    first().kill();
    ASSERT_TRUE(wait_live_at(second()));
    second().set(people_[0], "mail", "second@example.com");
    ASSERT_EQ(wait_domain_equal(second(), daemon()), nothing);
    first().start();
    ASSERT_EQ(daemon().stop(), 0);
    daemon().launch();
    EXPECT_TRUE(wait_live_at(second()));
    EXPECT_EQ(received(), 0U);
    EXPECT_EQ(wait_domain_equal(second(), daemon()), nothing);
    // It is only preferred.
    ASSERT_EQ(daemon().stop(), 0);
    second().stop();
    daemon().launch();
    EXPECT_TRUE(wait_live_at(first()));
    EXPECT_EQ(removals_by(daemon()), 0U);
}

}  // namespace
}  // namespace bascule::test
