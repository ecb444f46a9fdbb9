// `bascule doctor` as an operator runs it, in the daemon and without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class DoctorCommand : public testing::Test {
  protected:
    DoctorCommand() {
        rig_.load_ldif(directory_ldif(20, 2));
        rig_.start();
    }
    SlapdRig rig_;
};

std::string verdict_of(const json& answer, const std::string& check) {
    for (const json& one : answer.at("checks")) {
        if (one.value("check", "") == check) {
            return one.value("verdict", "");
        }
    }
    return "none";
}

TEST_F(DoctorCommand, TheRunningServiceExaminesItself) {
    DaemonRig daemon(rig_);
    daemon.start();
    const auto result = daemon.command({"doctor", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    const auto answer = json::parse(result.output);
    EXPECT_EQ(answer.at("failed"), 0);
    EXPECT_EQ(verdict_of(answer, "change_feed"), "ok");
    EXPECT_EQ(verdict_of(answer, "store"), "ok");
    EXPECT_EQ(verdict_of(answer, "journal"), "ok");
    EXPECT_EQ(verdict_of(answer, "admin_socket"), "ok");
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(DoctorCommand, AMissingRightEndsWithOneAndShowsTheRemedy) {
    auto rules = SlapdRig::default_access();
    rules.insert(rules.begin(), "to attrs=pwdReset by * read");
    rig_.change_access(rules);
    DaemonRig daemon(rig_);
    daemon.start();
    const auto result = daemon.command({"doctor", "--source", "corp"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr("FAIL"));
    EXPECT_THAT(result.output, HasSubstr("olcAccess: {0}to dn.subtree="));
    EXPECT_THAT(result.output, HasSubstr("Nothing was changed."));
    const auto unknown = daemon.command({"doctor", "--source", "nobody"});
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_THAT(unknown.output, HasSubstr("unknown_source"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(DoctorCommand, WorksWithoutADaemonAndTellsOfADirectoryThatIsDown) {
    DaemonRig daemon(rig_);
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    const auto good = daemon.command({"--json", "doctor", "--config", daemon.configuration()});
    EXPECT_EQ(good.exit_code, 0) << good.output;
    EXPECT_EQ(verdict_of(json::parse(good.output), "write_rights"), "ok");
    rig_.stop();
    const auto down = daemon.command({"doctor", "--config", daemon.configuration()});
    EXPECT_EQ(down.exit_code, 1) << down.output;
    EXPECT_THAT(down.output, HasSubstr("Check that the server runs"));
    EXPECT_EQ(daemon.command({"doctor"}).exit_code, 2);
    EXPECT_EQ(daemon.command({"doctor", "--config", "/nonexistent"}).exit_code, 2);
}

}  // namespace
}  // namespace bascule::test
