#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include "notify_socket.hpp"
#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr std::size_t people = 40;

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

class Lifecycle : public ::testing::Test {
  protected:
    Lifecycle() {
        directory_.load_ldif(directory_ldif(people, 4));
        directory_.start();
    }
    void replace_in_configuration(const std::string& from, const std::string& to) const {
        std::string text = contents(daemon_.configuration());
        text.replace(text.find(from), from.size(), to);
        std::ofstream(daemon_.configuration()) << text;
    }
    [[nodiscard]] std::string metrics() const { return management("/metrics").second; }
    [[nodiscard]] std::pair<int, std::string> management(const std::string& path) const {
        const ProcessResult result = run_program(
            {"curl", "-sS", "-w", "\n%{http_code}",
             "http://127.0.0.1:" + std::to_string(daemon_.management_port()) + path}
        );
        const auto line = result.output.rfind('\n');
        return {std::atoi(result.output.c_str() + line + 1), result.output.substr(0, line)};
    }

    SlapdRig directory_;
    DaemonRig daemon_{directory_};
};

TEST_F(Lifecycle, ManagerIsToldOfReadyReloadAndStop) {
    NotifySocket manager(daemon_.folder() + "/notify");
    daemon_.launch();
    EXPECT_NE(manager.wait_for("READY=1"), "");
    daemon_.wait_for_state("live");
    daemon_.signal(SIGHUP);
    EXPECT_NE(manager.wait_for("RELOADING=1").find("MONOTONIC_USEC="), std::string::npos);
    EXPECT_NE(manager.wait_for("READY=1"), "");
    daemon_.signal(SIGTERM);
    EXPECT_NE(manager.wait_for("STOPPING=1"), "");
    EXPECT_EQ(daemon_.stop(), 0);
}

TEST_F(Lifecycle, EntriesReceivedAreCountedAcrossAReload) {
    NotifySocket manager(daemon_.folder() + "/notify");
    daemon_.launch();
    EXPECT_NE(manager.wait_for("READY=1"), "");
    daemon_.wait_for_state("live");
    daemon_.signal(SIGHUP);
    EXPECT_NE(manager.wait_for("RELOADING=1"), "");
    EXPECT_NE(manager.wait_for("READY=1"), "");
    const std::string text = metrics();
    const std::string series = "\nbascule_source_entries_received_total{source=\"corp\"} ";
    const auto at = text.find(series);
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_GE(std::atoi(text.c_str() + at + series.size()), people);
}

TEST_F(Lifecycle, WatchdogIsFed) {
    NotifySocket manager(daemon_.folder() + "/notify");
    ::setenv("WATCHDOG_USEC", "600000", 1);
    daemon_.launch();
    ::unsetenv("WATCHDOG_USEC");
    for (int i = 0; i < 3; ++i) {
        EXPECT_NE(manager.wait_for("WATCHDOG=1"), "");
    }
}

TEST_F(Lifecycle, MirrorIsServedBySCIMAndFollowsChanges) {
    daemon_.start();
    EXPECT_EQ(daemon_.request("GET", "/scim/v2/Users").status, 401);
    (void)daemon_.token();
    EXPECT_EQ(daemon_.all("/Users").size(), people);
    EXPECT_EQ(daemon_.all("/Groups").size(), 4U);
    directory_.set(user_dn(7), "title", "Harbour master");
    wait_until("the change", 10s, [&] {
        return daemon_.find("/Users", "userName eq \"" + user_uid(7) + "\"").value("title", "") ==
               "Harbour master";
    });
    const HttpAnswer unknown = daemon_.request("GET", "/scim/v2/Nowhere");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.json.value("status", ""), "404");
    EXPECT_EQ(daemon_.request("GET", "/nowhere").json.value("code", ""), "unknown_path");
}

TEST_F(Lifecycle, ScimClientsReadScimErrorsOfTheServerItselfToo) {
    daemon_.start();
    const auto answer = [&](std::vector<std::string> options, const std::string& path) {
        std::vector<std::string> command{"curl", "-sS", "-m",
                                         "10",   "-w",  "\n%{http_code} %{content_type}"};
        command.insert(command.end(), options.begin(), options.end());
        command.push_back("http://127.0.0.1:" + std::to_string(daemon_.port()) + path);
        return run_program(command).output;
    };
    const auto expect_scim = [&](int status, std::vector<std::string> options,
                                 const std::string& path) {
        const std::string text = answer(std::move(options), path);
        const auto line = text.rfind('\n');
        ASSERT_NE(line, std::string::npos) << text;
        EXPECT_EQ(text.substr(line + 1), std::to_string(status) + " application/scim+json") << text;
        const Json body = Json::parse(text.substr(0, line), nullptr, false);
        ASSERT_TRUE(body.is_object()) << text;
        EXPECT_EQ(body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        EXPECT_EQ(body["status"], std::to_string(status));
        EXPECT_FALSE(body["detail"].get<std::string>().empty());
    };
    const std::string users = "/scim/v2/Users";
    expect_scim(413, {"-d", "{}", "-H", "Content-Length: 999999999"}, users);
    expect_scim(431, {"-H", "X-Long: " + std::string(100'000, 'a')}, users);
    expect_scim(405, {"-X", "BREW"}, users);
    expect_scim(400, {"-H", "Host:"}, users);
    expect_scim(417, {"-H", "Expect: miracles"}, users);
    expect_scim(404, {}, "/scim/v3/Users");
    expect_scim(404, {}, "/scim");
    const std::string elsewhere = answer({"-H", "Host:"}, "/api/v1/session");
    EXPECT_NE(elsewhere.find("400 application/problem+json"), std::string::npos) << elsewhere;
}

TEST_F(Lifecycle, BadConfigurationIsRefusedWholeAndAGoodOneTaken) {
    NotifySocket manager(daemon_.folder() + "/notify");
    daemon_.start();
    const std::string good = contents(daemon_.configuration());
    replace_in_configuration("write_back: {", "write_back: { passwort: true,");
    daemon_.signal(SIGHUP);
    EXPECT_NE(manager.wait_for("former configuration"), "");
    EXPECT_NE(metrics().find("bascule_config_last_reload_successful 0"), std::string::npos);
    EXPECT_EQ(daemon_.source_status().value("state", ""), "live");

    std::ofstream(daemon_.configuration()) << good << "log: { level: debug }\n";
    daemon_.signal(SIGHUP);
    EXPECT_NE(manager.wait_for("RELOADING=1"), "");
    EXPECT_NE(manager.wait_for("READY=1"), "");
    EXPECT_NE(metrics().find("bascule_config_last_reload_successful 1"), std::string::npos);
    daemon_.wait_for_state("live");
    (void)daemon_.token();
    EXPECT_EQ(daemon_.all("/Users").size(), people);
    directory_.set(user_dn(3), "title", "Pilot");
    wait_until("a change after the reload", 10s, [&] {
        return daemon_.find("/Users", "userName eq \"" + user_uid(3) + "\"").value("title", "") ==
               "Pilot";
    });
}

TEST_F(Lifecycle, CountedFailuresOutliveAReload) {
    NotifySocket manager(daemon_.folder() + "/notify");
    daemon_.start();
    // The directory locks at three failures, so one guess is let through.
    const auto guess = [&] {
        return run_program(
                   {"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                    "Content-Type: application/json", "-H", "X-Bascule-Request: 1", "-d",
                    R"({"userName":")" + user_uid(1) + R"(","password":"not the password"})",
                    "http://127.0.0.1:" + std::to_string(daemon_.port()) + "/api/v1/session"}
        )
            .output;
    };
    EXPECT_EQ(guess(), "401");
    EXPECT_EQ(guess(), "429");
    daemon_.signal(SIGHUP);
    EXPECT_NE(manager.wait_for("RELOADING=1"), "");
    EXPECT_NE(manager.wait_for("READY=1"), "");
    EXPECT_EQ(guess(), "429");
}

TEST_F(Lifecycle, OptionThatNeedsARestartLeavesEverything) {
    NotifySocket manager(daemon_.folder() + "/notify");
    daemon_.start();
    replace_in_configuration("bascule.db", "another.db");
    daemon_.signal(SIGHUP);
    const std::string answer = manager.wait_for("former configuration");
    EXPECT_NE(answer.find("store.sqlite.path"), std::string::npos) << answer;
}

TEST_F(Lifecycle, KilledDaemonResumesAndReadsNothingAgain) {
    daemon_.start();
    (void)daemon_.token();
    const std::string before = daemon_.find("/Users", "userName eq \"" + user_uid(1) + "\"").dump();
    daemon_.kill();
    daemon_.start();
    EXPECT_EQ(daemon_.source_status().value("received", -1), 0);
    EXPECT_EQ(daemon_.find("/Users", "userName eq \"" + user_uid(1) + "\"").dump(), before);
}

TEST_F(Lifecycle, ProbesTellStartAndReadiness) {
    daemon_.start();
    EXPECT_EQ(management("/livez").first, 200);
    EXPECT_EQ(management("/startupz").first, 200);
    const auto [status, body] = management("/readyz");
    EXPECT_EQ(status, 200);
    EXPECT_NE(body.find("\"store\""), std::string::npos);
    EXPECT_NE(metrics().find("bascule_source_live{source=\"corp\"} 1"), std::string::npos);
}

TEST_F(Lifecycle, UnreachableDirectoryStopsNeitherTheDaemonNorWhatItServes) {
    daemon_.start();
    (void)daemon_.token();
    directory_.kill();
    daemon_.stop();
    daemon_.launch();
    wait_until("an answer", 20s, [&] {
        return daemon_.request("GET", "/scim/v2/Users?count=0").status == 200;
    });
    EXPECT_EQ(management("/readyz").first, 200);
    EXPECT_EQ(daemon_.all("/Users").size(), people);
    directory_.start();
    daemon_.wait_for_state("live");
}

TEST_F(Lifecycle, SecretsAndPasswordsAreNotInTheLog) {
    daemon_.start();
    const std::string token = daemon_.token();
    (void)daemon_.all("/Users");
    daemon_.stop();
    const std::string log = contents(daemon_.log_file());
    EXPECT_EQ(log.find(token), std::string::npos);
    EXPECT_EQ(log.find(SlapdRig::service_password()), std::string::npos);
    EXPECT_NE(log.find("stopped"), std::string::npos);
}

TEST_F(Lifecycle, SecondDaemonOnTheSameSocketDoesNotStart) {
    daemon_.start();
    const ProcessResult second =
        run_program({"timeout", "20", BASCULE_PROGRAM, "serve", "--config", daemon_.configuration()}
        );
    EXPECT_EQ(second.exit_code, 2) << second.output;
    EXPECT_EQ(daemon_.source_status().value("state", ""), "live");
}

}  // namespace
}  // namespace bascule::test
