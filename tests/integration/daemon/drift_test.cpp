#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr const char* patient_lines =
    "    timeouts: { operation: 60s }\n    audit: { at: \"off\" }\n";
constexpr const char* source_lines = "    audit: { at: \"off\" }\n";

void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    sqlite3_busy_timeout(handle, 10'000);
    char* problem = nullptr;
    sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &problem);
    EXPECT_EQ(problem, nullptr) << problem;
    sqlite3_free(problem);
    sqlite3_close(handle);
}

Json drift_now(const DaemonRig& daemon) {
    const ProcessResult result = daemon.command({"--json", "drift", "--now"});
    return Json::parse(result.output, nullptr, false)["sources"][0]["report"];
}

/// What the mirror is told to have, without the knowledge of the program.
std::string forget_entry(const std::string& dn) {
    return "DELETE FROM entry WHERE dn='" + dn + "'";
}

TEST(DriftAudit, NothingDiffersAndTheReportIsKeptAndSigned) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(200, 3));
    directory.start();
    DaemonRig daemon(directory, source_lines);
    daemon.start();
    const ProcessResult before = daemon.command({"drift"});
    EXPECT_THAT(before.output, HasSubstr("never compared yet"));
    const Json report = drift_now(daemon);
    EXPECT_EQ(report["drift"], 0) << report;
    EXPECT_EQ(report["complete"], true);
    EXPECT_EQ(report["listed"], report["mirrored"]);
    EXPECT_EQ(report["signatureValid"], true);
    EXPECT_EQ(report["digest"].get<std::string>().size(), 64U);
    const ProcessResult status = daemon.command({"status"});
    EXPECT_THAT(status.output, HasSubstr("drift 0 ("));
    const HttpAnswer metrics =
        HttpClient(daemon.management_port()).send({"GET", "/metrics", {}, {}});
    EXPECT_THAT(metrics.body, HasSubstr("bascule_source_drift{source=\"corp\"} 0"));
    // It is in the audit log, and there after a restart.
    EXPECT_THAT(daemon.command({"audit", "tail"}).output, HasSubstr("Audit mirror"));
    daemon.stop();
    daemon.start();
    const Json again = Json::parse(daemon.command({"--json", "drift"}).output, nullptr, false);
    EXPECT_EQ(again["sources"][0]["report"]["digest"], report["digest"]);
    EXPECT_EQ(again["sources"][0]["report"]["signatureValid"], true);
}

TEST(DriftAudit, WhatTheMirrorHasOtherwiseIsFoundAndMended) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(60, 1));
    directory.start();
    DaemonRig daemon(directory, source_lines);
    daemon.start();
    daemon.stop();
    // The store loses an entry, has another otherwise, and one that the directory never had.
    run_sql(daemon.database(), forget_entry(user_dn(5)));
    run_sql(
        daemon.database(),
        "UPDATE entry SET csn='20200101000000.000000Z#000000#000#000000' WHERE dn='" + user_dn(6) +
            "'; UPDATE document SET body=replace(body, '" + user_uid(6) +
            "@', 'wrong@') WHERE oid=(SELECT oid FROM entry WHERE dn='" + user_dn(6) + "')"
    );
    run_sql(
        daemon.database(),
        "UPDATE entry SET anchor=x'00112233445566778899aabbccddeeff' WHERE dn='" + user_dn(7) + "'"
    );
    daemon.start();
    const Json report = drift_now(daemon);
    EXPECT_GE(report["drift"].get<int>(), 2) << report;
    EXPECT_GE(report["stale"].get<int>(), 1) << report;
    EXPECT_EQ(drift_now(daemon)["drift"], 0);
    static_cast<void>(daemon.token());
    const Json mended = daemon.find("/Users", "userName eq \"" + user_uid(6) + "\"");
    EXPECT_THAT(mended.dump(), Not(HasSubstr("wrong@")));
}

TEST(DriftAudit, ChangesWhileItComparesAreNoDrift) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(300, 3));
    directory.start();
    DaemonRig daemon(directory, source_lines);
    daemon.start();
    for (int round = 0; round < 3; ++round) {
        static_cast<void>(daemon.request("GET", "/scim/v2/ServiceProviderConfig"));
        for (std::size_t number = 0; number < 40; ++number) {
            const std::size_t who = static_cast<std::size_t>(round) * 40 + number;
            directory.set(user_dn(who), "title", "Round " + std::to_string(round));
        }
        const Json report = drift_now(daemon);
        EXPECT_EQ(report["drift"], 0) << report;
        EXPECT_EQ(report["problem"], "");
    }
}

TEST(DriftAudit, EntriesThatTheServiceAccountSeesNoMoreAreHeldAndNotRemoved) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(100, 1));
    directory.start();
    DaemonRig daemon(directory, source_lines);
    daemon.start();
    auto rules = SlapdRig::default_access();
    rules.insert(
        rules.begin(), "to dn.subtree=\"ou=people," + SlapdRig::suffix() + "\" by dn.exact=\"" +
                           SlapdRig::service_dn() + "\" none"
    );
    directory.change_access(rules);
    const Json report = drift_now(daemon);
    EXPECT_GT(report["held"].get<int>(), 50) << report;
    // The unit and the like, which serve nobody, are not held.
    EXPECT_LE(report["surplus"].get<int>() - report["held"].get<int>(), 2) << report;
    EXPECT_EQ(daemon.command({"hold", "list"}).exit_code, 1);
}

TEST(DriftAudit, ADirectoryWithoutAChangeFeedIsComparedToo) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(100, 2));
    directory.start();
    DaemonRig daemon(
        directory, "    dialect: generic\n    poll: { interval: 1s }\n    audit: { at: \"off\" }\n"
    );
    daemon.start();
    directory.set(user_dn(1), "title", "Boss");
    const Json report = drift_now(daemon);
    EXPECT_EQ(report["drift"], 0) << report;
    EXPECT_EQ(report["complete"], true);
    EXPECT_GE(report["listed"].get<int>(), 100);
}

TEST(DriftAudit, ADirectoryThatIsDownIsSaid) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(10, 1));
    directory.start();
    DaemonRig daemon(directory, source_lines);
    daemon.start();
    directory.stop();
    wait_until("the source to notice", std::chrono::seconds(30), [&] {
        return daemon.source_status().value("state", "") != "live";
    });
    const ProcessResult result = daemon.command({"drift", "--now"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr("not compared: The source is"));
}

/// A comparison with a server that says nothing.
class SilentComparison {
  public:
    SilentComparison() {
        directory.load_ldif(directory_ldif(20, 3));
        directory.start();
        daemon.emplace(directory, source_lines);
        daemon->start();
        directory.freeze();
        thread_ = std::thread([this] { result_ = daemon->command({"drift", "--now"}); });
        wait_until("a comparison", std::chrono::seconds(20), [&] {
            return Json::parse(daemon->command({"--json", "drift"}).output)["sources"][0].value(
                "running", false
            );
        });
    }
    ~SilentComparison() {
        directory.thaw();
        if (thread_.joinable())
            thread_.join();
    }
    ProcessResult result() {
        thread_.join();
        return result_;
    }

    SlapdRig directory;
    std::optional<DaemonRig> daemon;

  private:
    std::thread thread_;
    ProcessResult result_;
};

TEST(ReadingEverything, IsDoneByOneAtATimeAtAServer) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(20, 3));
    directory.start();
    DaemonRig daemon(directory, patient_lines);
    daemon.start();
    const std::string candidate = daemon.folder() + "/new.yaml";
    std::stringstream text;
    text << std::ifstream(daemon.configuration()).rdbuf();
    const std::string lines = text.str();
    const std::size_t place = lines.find(patient_lines);
    std::ofstream(candidate) << lines.substr(0, place) << "    users: { map: { title: sn } }\n"
                             << lines.substr(place);
    directory.freeze();
    ProcessResult planned;
    std::jthread plan([&] { planned = daemon.command({"plan", "--config", candidate}); });
    const auto plan_state = [&] {
        const ProcessResult answer = run_program(
            {"curl", "-s", "--unix-socket", daemon.folder() + "/admin.sock", "http://x/v1/plan"}
        );
        return Json::parse(answer.output, nullptr, false);
    };
    const auto other_state = [&] {
        const ProcessResult answer = daemon.command({"--json", "what-if", "status"});
        const Json status = Json::parse(answer.output, nullptr, false);
        return status.contains("sources") && !status["sources"].empty()
                   ? status["sources"][0].value("state", "")
                   : std::string();
    };
    wait_until("the plan to read", std::chrono::seconds(20), [&] {
        return plan_state().value("step", "") == "reading";
    });
    EXPECT_EQ(daemon.command({"what-if", "start", "--config", candidate}).exit_code, 0);
    wait_until("the other rules to wait", std::chrono::seconds(20), [&] {
        return other_state() == "waiting";
    });
    EXPECT_FALSE(plan_state().value("waiting", true));
    directory.thaw();
    plan.join();
    EXPECT_EQ(planned.exit_code, 1) << planned.output;
    wait_until("the other rules to be live", std::chrono::seconds(20), [&] {
        return other_state() == "live";
    });
}

TEST(ReadingEverything, StoppingDoesNotWaitForASilentServer) {
    SilentComparison comparison;
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(comparison.daemon->stop(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8));
}

TEST(StatusCommand, WaitReturnsWhenEverythingIsLive) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(2000, 3));
    directory.start();
    DaemonRig daemon(directory, source_lines);
    daemon.launch();
    wait_until("the socket", std::chrono::seconds(30), [&] {
        return daemon.command({"status"}).exit_code != 2;
    });
    const ProcessResult result = daemon.command({"status", "--wait", "--timeout", "60"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("live"));
    directory.stop();
    wait_until("the source to notice", std::chrono::seconds(30), [&] {
        return daemon.source_status().value("state", "") != "live";
    });
    EXPECT_EQ(daemon.command({"status", "--wait", "--timeout", "1"}).exit_code, 1);
}

}  // namespace
}  // namespace bascule::test
