#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// One directory and one daemon for all commands: each test leaves them as it found them.
class Commands : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory_ = new SlapdRig();
        directory_->load_ldif(directory_ldif(20, 2));
        directory_->start();
        daemon_ = new DaemonRig(*directory_);
        daemon_->start();
    }
    static void TearDownTestSuite() {
        delete daemon_;
        delete directory_;
    }
    static ProcessResult run(std::vector<std::string> arguments) {
        return daemon_->command(std::move(arguments));
    }
    static Json run_json(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "--json");
        return Json::parse(run(std::move(arguments)).output, nullptr, false);
    }

    static inline SlapdRig* directory_ = nullptr;
    static inline DaemonRig* daemon_ = nullptr;
};

TEST_F(Commands, StatusShowsSourceAndStore) {
    const ProcessResult text = run({"status"});
    EXPECT_EQ(text.exit_code, 0) << text.output;
    EXPECT_NE(text.output.find("corp   live"), std::string::npos) << text.output;
    EXPECT_NE(text.output.find("store  ok"), std::string::npos) << text.output;
    EXPECT_EQ(run({"healthcheck"}).exit_code, 0);
    EXPECT_EQ(run_json({"status"})["sources"][0]["objects"], 22);
}

TEST_F(Commands, OptionsMayFollowTheCommand) {
    const ProcessResult result = run({"status", "--json"});
    EXPECT_TRUE(Json::parse(result.output, nullptr, false).is_object()) << result.output;
}

TEST_F(Commands, NobodyAtTheSocketIsCouldNotRun) {
    const ProcessResult result =
        run_program({BASCULE_PROGRAM, "--socket", "/nonexistent/socket", "status"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.output.find("not_running"), std::string::npos) << result.output;
}

TEST_F(Commands, ExplainTellsMirroredAndNot) {
    const ProcessResult user = run({"explain", user_uid(3)});
    EXPECT_EQ(user.exit_code, 0) << user.output;
    EXPECT_NE(user.output.find(user_dn(3)), std::string::npos) << user.output;
    const ProcessResult by_dn = run({"explain", user_dn(3)});
    EXPECT_EQ(by_dn.exit_code, 0) << by_dn.output;
    const ProcessResult unit = run({"explain", "ou=people," + SlapdRig::suffix()});
    EXPECT_EQ(unit.exit_code, 1) << unit.output;
    EXPECT_NE(unit.output.find("inetOrgPerson"), std::string::npos) << unit.output;
    const ProcessResult attribute = run({"explain", user_uid(3), "--attribute", "userName"});
    EXPECT_EQ(attribute.exit_code, 0) << attribute.output;
    EXPECT_NE(attribute.output.find("rule users.map.userName"), std::string::npos)
        << attribute.output;
    EXPECT_EQ(run({"explain", "nobody-like-this"}).exit_code, 1);
}

TEST_F(Commands, ExplainFilterTellsThePlan) {
    const ProcessResult one = run({"explain-filter", "userName eq \"" + user_uid(3) + "\""});
    EXPECT_EQ(one.exit_code, 0) << one.output;
    EXPECT_NE(one.output.find("drive: userName eq"), std::string::npos) << one.output;
    EXPECT_NE(one.output.find("matches: 1,"), std::string::npos) << one.output;
    const ProcessResult none = run({"explain-filter", "emails.primary eq true"});
    EXPECT_EQ(none.exit_code, 1) << none.output;
    EXPECT_NE(none.output.find("no index can serve this: all 20"), std::string::npos)
        << none.output;
    const ProcessResult groups = run({"explain-filter", "--type", "Group", "displayName pr"});
    EXPECT_EQ(groups.exit_code, 0) << groups.output;
    const Json value = run_json({"explain-filter", "userName sw \"a\""});
    EXPECT_EQ(value["usesIndex"], true);
    EXPECT_TRUE(value["lines"].is_array());
    EXPECT_NE(run({"explain-filter", "nothing eq 1"}).output.find("nothing"), std::string::npos);
    EXPECT_NE(
        run({"explain-filter", "--type", "Thing", "id pr"}).output.find("Thing"), std::string::npos
    );
}

TEST_F(Commands, TokenIsShownOnceListedAndRevoked) {
    const ProcessResult made =
        run({"token", "create", "--name", "probe", "--scope", "users:read", "--expires", "1d"});
    ASSERT_EQ(made.exit_code, 0) << made.output;
    EXPECT_TRUE(made.output.starts_with("bsc_")) << made.output;
    EXPECT_EQ(run({"token", "create", "--name", "probe", "--scope", "users:read"}).exit_code, 1);
    EXPECT_EQ(run({"token", "create", "--name", "other", "--scope", "everything"}).exit_code, 1);
    EXPECT_EQ(
        run({"token", "create", "--name", "other", "--scope", "users:read", "--expires", "soon"})
            .exit_code,
        1
    );
    const ProcessResult list = run({"token", "list"});
    EXPECT_NE(list.output.find("probe"), std::string::npos);
    EXPECT_EQ(list.output.find("bsc_"), std::string::npos);
    EXPECT_EQ(run({"token", "revoke", "probe"}).exit_code, 0);
    EXPECT_EQ(run({"token", "revoke", "probe"}).exit_code, 1);
}

TEST_F(Commands, UnitsAndRolesAreSetByName) {
    EXPECT_EQ(run({"unit", "create", "Seattle"}).exit_code, 0);
    const ProcessResult added = run({"unit", "add", "Seattle", user_uid(1), user_uid(2)});
    EXPECT_EQ(added.exit_code, 0) << added.output;
    const ProcessResult units = run({"unit", "list"});
    EXPECT_NE(units.output.find("Seattle  2"), std::string::npos) << units.output;
    const ProcessResult assigned =
        run({"role", "assign", "Helpdesk Administrator", user_uid(0), "--unit", "Seattle"});
    EXPECT_EQ(assigned.exit_code, 0) << assigned.output;
    const ProcessResult roles = run({"role", "list"});
    EXPECT_NE(
        roles.output.find("Helpdesk Administrator  " + user_uid(0) + "  Seattle"), std::string::npos
    ) << roles.output;
    EXPECT_EQ(
        run({"role", "assign", "Helpdesk Administrator", "nobody", "--unit", "Seattle"}).exit_code,
        1
    );
    EXPECT_EQ(
        run({"role", "assign", "Helpdesk Administrator", user_uid(0), "--unit", "Nowhere"})
            .exit_code,
        1
    );
    const ProcessResult removed =
        run({"role", "remove", "Helpdesk Administrator", user_uid(0), "--unit", "Seattle"});
    EXPECT_EQ(removed.exit_code, 0) << removed.output;
    EXPECT_EQ(
        run({"role", "remove", "Helpdesk Administrator", user_uid(0), "--unit", "Seattle"})
            .exit_code,
        1
    );
    EXPECT_EQ(run({"unit", "remove", "Seattle", user_uid(2)}).exit_code, 0);
    EXPECT_EQ(run_json({"unit", "list"})[0]["members"], 1);
}

TEST_F(Commands, AuditTailShowsWhoDidWhat) {
    EXPECT_EQ(run({"unit", "create", "Audited"}).exit_code, 0);
    const ProcessResult tail = run({"--json", "audit", "tail", "-n", "1"});
    const Json record = Json::parse(tail.output, nullptr, false);
    ASSERT_TRUE(record.is_object()) << tail.output;
    EXPECT_EQ(record.at("target").value("displayName", ""), "Audited");
    EXPECT_EQ(record.value("result", ""), "success");
    EXPECT_EQ(record.at("actor").value("kind", ""), "operator");
    EXPECT_NE(
        run({"audit", "tail", "--actor", record.at("actor").value("name", "")})
            .output.find("Audited"),
        std::string::npos
    );
    EXPECT_EQ(run({"audit", "tail", "--actor", "nobody"}).output, "");
}

TEST_F(Commands, AuditTailFollowsWhatHappensNext) {
    EXPECT_EQ(run({"unit", "create", "Before following"}).exit_code, 0);
    const std::string output = daemon_->folder() + "/followed";
    const std::string activity =
        run_json({"audit", "tail", "-n", "1"}).at("activity").get<std::string>();
    const pid_t tail = start_program(
        {BASCULE_PROGRAM, "--socket", daemon_->folder() + "/admin.sock", "audit", "tail", "-n", "1",
         "--activity", activity, "--follow"},
        output
    );
    const auto follows = [&](const std::string& text) {
        wait_until(text, std::chrono::seconds(30), [&] {
            return contents(output).find(text) != std::string::npos;
        });
    };
    follows("Before following");
    EXPECT_EQ(run({"token", "create", "--name", "unseen", "--scope", "users:read"}).exit_code, 0);
    for (const std::string name : {"Followed one", "Followed two"}) {
        EXPECT_EQ(run({"unit", "create", name}).exit_code, 0);
        follows(name);
    }
    EXPECT_EQ(run({"token", "revoke", "unseen"}).exit_code, 0);
    EXPECT_EQ(::waitpid(tail, nullptr, WNOHANG), 0);
    ::kill(tail, SIGINT);
    ::waitpid(tail, nullptr, 0);
    const std::string text = contents(output);
    EXPECT_EQ(text.find("unseen"), std::string::npos) << text;
    EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
}

TEST_F(Commands, NothingIsHeld) {
    EXPECT_NE(run({"hold", "list"}).output.find("Nothing is held"), std::string::npos);
    EXPECT_EQ(run({"hold", "approve", "0123456789"}).exit_code, 1);
}

TEST_F(Commands, ConfigurationIsCheckedAndPrinted) {
    EXPECT_EQ(run({"check", daemon_->configuration()}).exit_code, 0);
    EXPECT_EQ(run({"check", "/nonexistent.yaml"}).exit_code, 2);
    EXPECT_NE(run({"config", "init"}).output.find("sources:"), std::string::npos);
    EXPECT_TRUE(Json::parse(run({"config", "schema"}).output, nullptr, false).is_object());
    EXPECT_EQ(run({"no-such-command"}).exit_code, 2);
    EXPECT_EQ(run({"--version"}).exit_code, 0);
}

TEST(HeldRemovals, StatusTellsThemAndExitsOne) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(20, 1));
    directory.start();
    DaemonRig daemon(directory, "    guard: { deletes: { percent: 0, at_least: 1 } }\n");
    daemon.start();
    for (const std::size_t gone : {3U, 4U}) {
        directory.modify("dn: " + user_dn(gone) + "\nchangetype: delete\n");
    }
    wait_until("a held removal", std::chrono::seconds(30), [&] {
        const Json status = daemon.source_status();
        return status.is_object() && status.value("held", 0) == 1;
    });
    const ProcessResult held = daemon.command({"status"});
    EXPECT_EQ(held.exit_code, 1) << held.output;
    EXPECT_NE(held.output.find("1 held"), std::string::npos) << held.output;
    EXPECT_NE(held.output.find("bascule hold list"), std::string::npos) << held.output;
    const Json plan =
        Json::parse(daemon.command({"--json", "hold", "list"}).output, nullptr, false);
    ASSERT_TRUE(plan.is_array());
    const std::string name = plan.at(0).value("plan", "");
    EXPECT_EQ(daemon.command({"hold", "approve", name}).exit_code, 0);
    EXPECT_EQ(daemon.command({"status"}).exit_code, 0);
}

TEST(EmptiedDirectory, ItsShareIsTakenFromTheConfiguration) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(20, 0));
    directory.start();
    DaemonRig daemon(
        directory, "    guard: { deletes: { at_least: 1000 }, emptied: { percent: 10 } }\n"
    );
    daemon.start();
    daemon.stop();
    for (const std::size_t gone : {3U, 4U, 5U}) {
        directory.modify("dn: " + user_dn(gone) + "\nchangetype: delete\n");
    }
    daemon.start();
    EXPECT_EQ(daemon.source_status().value("held", 0), 3);
}

}  // namespace
}  // namespace bascule::test
