#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/daemon/plan_model.hpp"
#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// The daemon's configuration with more lines in its source.
std::string with_source_lines(const DaemonRig& daemon, const std::string& lines) {
    std::string text = contents(daemon.configuration());
    const std::string marker = "    write_back: { password: true, unlock: true }\n";
    const std::size_t at = text.find(marker);
    if (at == std::string::npos) {
        throw std::runtime_error("no source in the configuration");
    }
    return text.insert(at + marker.size(), lines);
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
}

/// A directory and a daemon that follows it.
struct Stage {
    explicit Stage(const std::string& ldif, const std::string& lines = {})
        : daemon((directory.load_ldif(ldif), directory.start(), directory), lines) {
        daemon.start();
        static_cast<void>(daemon.token());
        candidate = daemon.folder() + "/new.yaml";
        differences = daemon.folder() + "/diff.jsonl";
    }

    [[nodiscard]] ProcessResult plan(std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments{"plan", "--config", candidate};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return daemon.command(arguments);
    }
    [[nodiscard]] Json plan_json() const {
        const ProcessResult result = plan({"--json", "--export", differences});
        const Json value = Json::parse(result.output, nullptr, false);
        if (!value.contains("plan")) {
            throw std::runtime_error("no plan: " + result.output);
        }
        return value;
    }
    /// Takes `candidate` over and waits until the mirror is live under it.
    void reload() const {
        std::filesystem::copy_file(
            candidate, daemon.configuration(), std::filesystem::copy_options::overwrite_existing
        );
        const ProcessResult result = daemon.command({"reload"});
        ASSERT_EQ(result.exit_code, 0) << result.output;
        daemon.wait_for_state("live");
    }

    SlapdRig directory;
    DaemonRig daemon;
    std::string candidate;
    std::string differences;
};

std::string people_and_groups() {
    return directory_ldif(60, 3) + group_ldif("big", 40);
}

TEST(Plan, TheSameConfigurationChangesNothing) {
    const Stage stage(people_and_groups());
    write_file(stage.candidate, contents(stage.daemon.configuration()));
    const ProcessResult result = stage.plan();
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_NE(result.output.find("nothing would change"), std::string::npos) << result.output;
}

TEST(Plan, TellsBeforeAfterAndRuleOfEveryAttributeAndWritesNothing) {
    const Stage stage(people_and_groups());
    const ServedObjects before = served_by(stage.daemon);
    write_file(
        stage.candidate,
        with_source_lines(
            stage.daemon, "    users: { map: { nickName: \"{givenName}!\", title: sn } }\n"
        )
    );
    const std::string first = contents(stage.daemon.log_file());
    const ProcessResult text = stage.plan();
    EXPECT_EQ(text.exit_code, 1) << text.output;
    EXPECT_NE(text.output.find("~ 60 users (nickName: 60, title: 60)"), std::string::npos)
        << text.output;
    const Json plan = stage.plan_json();
    EXPECT_EQ(plan["differences"], 60);
    const auto lines = exported_lines(stage.differences);
    ASSERT_EQ(lines.size(), 60U);
    for (const Json& line : lines) {
        EXPECT_EQ(line["source"], "corp");
        EXPECT_EQ(line["change"], "changed");
        ASSERT_EQ(line["attributes"].size(), 2U) << line;
        for (const Json& attribute : line["attributes"]) {
            const bool title = attribute["attribute"] == "title";
            EXPECT_EQ(attribute.contains("before"), title) << line;
            EXPECT_TRUE(attribute.contains("after")) << line;
            EXPECT_EQ(attribute["rule"], title ? "users.map.title" : "users.map.nickName");
        }
    }
    EXPECT_EQ(difference_of(before, served_by(stage.daemon)), "");
    struct stat info {};
    ASSERT_EQ(::stat(stage.differences.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST(Plan, AReloadDoesExactlyWhatThePlanSaid) {
    const std::vector<std::string> changes{
        "    users: { map: { nickName: \"{givenName} {sn}\", \"phoneNumbers[mobile]\": "
        "telephoneNumber } }\n",
        "    users: { filter: \"(&(objectClass=inetOrgPerson)(!(title=Engineer 7)))\" }\n",
        "    users: { filter: \"(&(objectClass=inetOrgPerson)(!(title=Engineer 9)))\", map: { "
        "active: "
        "{ from: title, is_not: [\"Engineer 3\"] }, title: { constant: Person } } }\n",
        "    groups: { filter: \"(&(objectClass=groupOfNames)(!(cn=g0001)))\" }\n",
        "    groups: { map: { displayName: \"team {cn}\" } }\n",
        "    users: { map: { userName: { from: departmentNumber } } }\n",
        "    users: { map: { emails: } }\n    guard: { attribute_loss: { percent: 100 } }\n",
        "    users: { filter: \"(uid=u000000*)\" }\n    guard: { deletes: { percent: 100 }, "
        "emptied: { "
        "percent: 100 }, memberships: { percent: 100 } }\n",
        "",
    };
    const Stage stage(people_and_groups());
    const std::string original = contents(stage.daemon.configuration());
    for (const std::string& change : changes) {
        SCOPED_TRACE(change);
        const std::string running = contents(stage.daemon.configuration());
        write_file(stage.daemon.configuration(), original);
        write_file(stage.candidate, with_source_lines(stage.daemon, change));
        write_file(stage.daemon.configuration(), running);
        const ServedObjects before = served_by(stage.daemon);
        const Json plan = stage.plan_json();
        const auto lines = exported_lines(stage.differences);
        ASSERT_EQ(plan["differences"], lines.size());
        EXPECT_EQ(stage.plan_json()["plan"], plan["plan"]) << "the same plan has another name";
        EXPECT_EQ(difference_of(before, served_by(stage.daemon)), "")
            << "the plan changed the store";
        stage.reload();
        EXPECT_EQ(difference_of(after_plan(before, lines), served_by(stage.daemon)), "")
            << contents(stage.differences);
        const std::int64_t held = stage.daemon.source_status().value("held", std::int64_t{-1});
        EXPECT_EQ(plan["sources"][0]["held"]["total"], held);
    }
}

TEST(Plan, AnotherBaseIsReadAsTheReloadWouldReadIt) {
    const Stage stage(people_and_groups());
    std::string text = contents(stage.daemon.configuration());
    const std::string base = "base: \"" + SlapdRig::suffix() + "\"";
    text.replace(text.find(base), base.size(), "base: \"ou=people," + SlapdRig::suffix() + "\"");
    write_file(stage.candidate, text);
    const ServedObjects before = served_by(stage.daemon);
    const Json plan = stage.plan_json();
    const auto lines = exported_lines(stage.differences);
    stage.reload();
    EXPECT_EQ(difference_of(after_plan(before, lines), served_by(stage.daemon)), "");
    EXPECT_EQ(plan["sources"][0]["held"]["total"], 0);
    EXPECT_EQ(plan["sources"][0]["kinds"]["Group"]["removed"], 4) << plan;
}

TEST(Plan, TellsWhatTheGuardWouldHoldAndByWhichLimit) {
    const Stage stage(people_and_groups());
    write_file(
        stage.candidate,
        with_source_lines(
            stage.daemon,
            "    users: { filter: \"(uid=u000000*)\", map: { nickNames: sn, title: } }\n"
        )
    );
    // An unknown attribute is told before anything is read.
    const ProcessResult wrong = stage.plan();
    EXPECT_EQ(wrong.exit_code, 2) << wrong.output;
    EXPECT_NE(wrong.output.find("users.map.nickNames"), std::string::npos) << wrong.output;

    write_file(
        stage.candidate,
        with_source_lines(
            stage.daemon, "    users: { filter: \"(uid=u000000*)\", map: { title: } }\n"
        )
    );
    const ProcessResult text = stage.plan();
    EXPECT_EQ(text.exit_code, 1) << text.output;
    EXPECT_NE(text.output.find("50 objects would be removed"), std::string::npos) << text.output;
    EXPECT_NE(text.output.find("HELD by guard.deletes"), std::string::npos) << text.output;
    EXPECT_NE(
        text.output.find("10 objects would lose title: HELD by guard.attribute_loss"),
        std::string::npos
    ) << text.output;
    EXPECT_NE(text.output.find("then bascule hold approve"), std::string::npos) << text.output;
    const Json plan = stage.plan_json();
    std::size_t held = 0;
    for (const Json& line : exported_lines(stage.differences)) {
        held += line["change"] == "held" ? 1U : 0U;
        EXPECT_FALSE(line.contains("already") && line["already"].get<bool>()) << line;
    }
    EXPECT_EQ(held, 60U);
    EXPECT_EQ(plan["sources"][0]["held"]["total"], 60);
}

TEST(Plan, WrongConfigurationsAreCouldNotRunWithEveryFault) {
    const Stage stage(directory_ldif(5));
    write_file(
        stage.candidate, "sources:\n  - name: corp\n    servrs: [\"ldap://x\"]\n    base: 7\n"
    );
    const ProcessResult broken = stage.plan();
    EXPECT_EQ(broken.exit_code, 2) << broken.output;
    EXPECT_NE(broken.output.find("new.yaml:3:5"), std::string::npos) << broken.output;
    EXPECT_NE(broken.output.find("did you mean \"servers\"?"), std::string::npos) << broken.output;
    const ProcessResult absent = stage.daemon.command({"plan", "--config", "/nonexistent.yaml"});
    EXPECT_EQ(absent.exit_code, 2) << absent.output;
    write_file(stage.candidate, contents(stage.daemon.configuration()));
    const ProcessResult unknown = stage.plan({"--source", "other"});
    EXPECT_EQ(unknown.exit_code, 2) << unknown.output;
    EXPECT_NE(unknown.output.find("unknown_source"), std::string::npos) << unknown.output;
}

TEST(Plan, AServerThatIsDownIsCouldNotRun) {
    Stage stage(directory_ldif(5));
    write_file(
        stage.candidate, with_source_lines(stage.daemon, "    users: { map: { title: sn } }\n")
    );
    stage.directory.stop();
    const ProcessResult result = stage.plan();
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_NE(result.output.find("Source corp"), std::string::npos) << result.output;
    EXPECT_FALSE(std::filesystem::exists(stage.daemon.database() + ".plan"));
    stage.directory.start();
    EXPECT_EQ(stage.plan().exit_code, 1);
}

/// A plan that waits for a server which says nothing.
class FrozenPlan {
  public:
    explicit FrozenPlan(Stage& stage) : stage_(stage) {
        write_file(
            stage.candidate, with_source_lines(stage.daemon, "    users: { map: { title: sn } }\n")
        );
        stage.directory.freeze();
        thread_ = std::thread([this] { result_ = stage_.plan(); });
        wait_until("a plan in progress", std::chrono::seconds(20), [&] {
            return std::filesystem::exists(folder());
        });
    }
    ~FrozenPlan() { stage_.directory.thaw(); }
    ProcessResult result() {
        thread_.join();
        return result_;
    }
    [[nodiscard]] std::string folder() const { return stage_.daemon.database() + ".plan"; }

  private:
    Stage& stage_;
    std::thread thread_;
    ProcessResult result_;
};

TEST(Plan, OnlyOneAtATimeAndItCanBeEnded) {
    Stage stage(directory_ldif(5));
    FrozenPlan first(stage);
    const ProcessResult second = stage.plan();
    EXPECT_EQ(second.exit_code, 2) << second.output;
    EXPECT_NE(second.output.find("Another plan is being made"), std::string::npos) << second.output;
    EXPECT_EQ(stage.plan({"--cancel"}).exit_code, 0);
    const ProcessResult ended = first.result();
    EXPECT_EQ(ended.exit_code, 2) << ended.output;
    EXPECT_NE(ended.output.find("(stopped)"), std::string::npos) << ended.output;
    EXPECT_FALSE(std::filesystem::exists(first.folder()));
}

TEST(Plan, KillingTheDaemonLeavesNoResidue) {
    Stage stage(directory_ldif(5));
    FrozenPlan plan(stage);
    stage.daemon.kill();
    EXPECT_EQ(plan.result().exit_code, 2);
    EXPECT_TRUE(std::filesystem::exists(plan.folder()));
    stage.directory.thaw();
    stage.daemon.start();
    EXPECT_FALSE(std::filesystem::exists(plan.folder()));
    EXPECT_EQ(stage.plan().exit_code, 1);
}

}  // namespace
}  // namespace bascule::test
