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
#include "tests/integration/daemon/plan_stage.hpp"
#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;

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

/// A small file system over a folder, where the machine allows it.
class SmallDisk {
  public:
    explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {
        std::filesystem::create_directories(folder_);
        mounted_ =
            run_program({"mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder_}).exit_code ==
            0;
    }
    ~SmallDisk() {
        if (mounted_) {
            static_cast<void>(run_program({"umount", "-l", folder_}));
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    [[nodiscard]] bool mounted() const { return mounted_; }

  private:
    std::string folder_;
    bool mounted_ = false;
};

TEST(Plan, ADiskWithoutRoomForTheCopyIsSaidBeforeItIsFilled) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(5));
    directory.start();
    DaemonRig daemon(directory);
    const SmallDisk disk(daemon.folder() + "/state");
    if (!disk.mounted()) {
        GTEST_SKIP() << "no file system can be mounted here";
    }
    daemon.start();
    const ProcessResult result = daemon.command({"plan", "--config", daemon.configuration()});
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_NE(result.output.find("scratch_no_room"), std::string::npos) << result.output;
    EXPECT_FALSE(std::filesystem::exists(daemon.database() + ".plan"));
    EXPECT_EQ(daemon.command({"status"}).exit_code, 0);
}

/// Fewer people, fewer titles and smaller groups than the guard lets pass.
std::string drastic(const Stage& stage) {
    return with_source_lines(
        stage.daemon, "    users: { filter: \"(uid=u000000*)\", map: { title: } }\n"
    );
}

TEST(PlanApproval, APlansNameCarriesOutExactlyWhatItShowed) {
    const Stage stage(people_and_groups());
    write_file(stage.candidate, drastic(stage));
    const std::string plan = stage.plan_json().value("plan", "");
    const ProcessResult early = stage.daemon.command({"hold", "approve", plan});
    EXPECT_EQ(early.exit_code, 1) << early.output;
    EXPECT_NE(early.output.find("plan_not_applied"), std::string::npos) << early.output;
    stage.reload();
    EXPECT_EQ(served_by(stage.daemon).size(), 64U);
    const ProcessResult list = stage.daemon.command({"hold", "list"});
    EXPECT_NE(list.output.find("plan " + plan), std::string::npos) << list.output;
    const ProcessResult done = stage.daemon.command({"hold", "approve", plan.substr(0, 8)});
    EXPECT_EQ(done.exit_code, 0) << done.output;
    EXPECT_NE(done.output.find("60 removals of source corp were carried out"), std::string::npos)
        << done.output;
    EXPECT_EQ(served_by(stage.daemon).size(), 14U);
    EXPECT_EQ(stage.daemon.command({"hold", "approve", plan}).exit_code, 1);
}

TEST(PlanApproval, AnotherHeldSetThanThePlannedIsRefusedWithWhatDiffers) {
    Stage stage(people_and_groups());
    write_file(stage.candidate, drastic(stage));
    const std::string plan = stage.plan_json().value("plan", "");
    stage.directory.modify(
        "dn: " + user_dn(30) + "\nchangetype: modify\nreplace: uid\nuid: " + user_uid(30) +
        "\nuid: u0000001b\n-\n"
    );
    stage.reload();
    const ProcessResult refused = stage.daemon.command({"hold", "approve", plan});
    EXPECT_EQ(refused.exit_code, 1) << refused.output;
    EXPECT_NE(refused.output.find("plan_changed"), std::string::npos) << refused.output;
    EXPECT_NE(refused.output.find(user_dn(30)), std::string::npos) << refused.output;
    EXPECT_EQ(served_by(stage.daemon).size(), 64U);
}

TEST(PlanApproval, SingleRemovalsAndSubtreesCanBeDecided) {
    const Stage stage(people_and_groups());
    write_file(stage.candidate, drastic(stage));
    stage.reload();
    const auto held = [&] { return stage.daemon.source_status().value("held", std::int64_t{-1}); };
    const auto name = [&] {
        const ProcessResult list = stage.daemon.command({"--json", "hold", "list"});
        return Json::parse(list.output)[0].value("plan", "");
    };
    EXPECT_EQ(held(), 60);
    const ProcessResult one =
        stage.daemon.command({"hold", "approve", name(), "--only", user_dn(23)});
    EXPECT_EQ(one.exit_code, 0) << one.output;
    EXPECT_EQ(held(), 59);
    const std::string unit = "ou=d4,ou=people," + SlapdRig::suffix();
    const ProcessResult kept = stage.daemon.command({"hold", "reject", "--below", unit, name()});
    EXPECT_EQ(kept.exit_code, 0) << kept.output;
    EXPECT_EQ(held(), 53) << "five people and one title of that unit";
    const ProcessResult none =
        stage.daemon.command({"hold", "approve", name(), "--only", user_dn(99)});
    EXPECT_EQ(none.exit_code, 1) << none.output;
    EXPECT_NE(none.output.find("nothing_selected"), std::string::npos) << none.output;
    EXPECT_EQ(served_by(stage.daemon).size(), 63U);
    EXPECT_TRUE(stage.daemon.find("/Users", "userName eq \"" + user_uid(23) + "\"").is_null());
}

TEST(PlanApproval, HigherLimitsReleaseWhatIsUnderThemAndThePlanTellsIt) {
    const Stage stage(people_and_groups());
    write_file(stage.candidate, drastic(stage));
    stage.reload();
    const ServedObjects before = served_by(stage.daemon);
    EXPECT_EQ(before.size(), 64U);
    write_file(
        stage.candidate,
        with_source_lines(
            stage.daemon,
            "    guard: { deletes: { percent: 100 }, emptied: { percent: 100 }, memberships: { "
            "percent: 100 } }\n"
        )
    );
    const Json plan = stage.plan_json();
    const auto lines = exported_lines(stage.differences);
    EXPECT_EQ(plan["sources"][0]["kinds"]["User"]["removed"], 50) << plan;
    EXPECT_EQ(served_by(stage.daemon).size(), 64U);
    stage.reload();
    EXPECT_EQ(difference_of(after_plan(before, lines), served_by(stage.daemon)), "");
    EXPECT_EQ(stage.daemon.source_status().value("held", 0), 10) << "the titles wait on";
    const ProcessResult again = stage.plan();
    EXPECT_EQ(again.exit_code, 1) << again.output;
    EXPECT_NE(again.output.find("held: 10"), std::string::npos) << again.output;
    EXPECT_EQ(again.output.find("removed"), std::string::npos) << again.output;
}

TEST(PlanApproval, SurvivesARestart) {
    Stage stage(people_and_groups());
    write_file(stage.candidate, drastic(stage));
    const std::string plan = stage.plan_json().value("plan", "");
    stage.reload();
    stage.daemon.stop();
    stage.daemon.start();
    EXPECT_EQ(stage.daemon.command({"hold", "approve", plan}).exit_code, 0);
    EXPECT_EQ(served_by(stage.daemon).size(), 14U);
}

}  // namespace
}  // namespace bascule::test
