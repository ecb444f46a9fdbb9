#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <string>
#include <vector>

#include "store/sqlite/content_digest.hpp"
#include "tests/integration/sources/source_text.hpp"
#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

TEST(Replay, TheSameMessagesGiveTheSameContent) {
    SlapdRig directory;
    directory.load_ldif(directory_ldif(150, 3));
    directory.start();
    const std::string file = directory.folder() + "/corp.messages";
    DaemonRig daemon(directory, "    record: { path: " + file + " }\n");
    daemon.start();
    for (std::size_t number = 0; number < 10; ++number) {
        directory.set(user_dn(number), "title", "Boss");
    }
    directory.modify("dn: " + user_dn(20) + "\nchangetype: delete\n");
    directory.modify(
        "dn: " + user_dn(21) + "\nchangetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1\n"
    );
    static_cast<void>(daemon.token());
    wait_until("the rename", seconds(30), [&] {
        return !daemon.find("/Users", "userName eq \"renamed\"").is_null();
    });
    const auto objects = daemon.source_status()["objects"];
    daemon.stop();
    struct stat facts {};
    ASSERT_EQ(::stat(file.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    const ProcessResult result = daemon.command(
        {"--json", "replay", file, "--config", daemon.configuration(), "--repeat", "3"}
    );
    ASSERT_EQ(result.exit_code, 0) << result.output;
    const Json answer = Json::parse(result.output, nullptr, false);
    EXPECT_EQ(answer["same"], true);
    const Json& first = answer["replays"][0];
    EXPECT_EQ(first["users"].get<int>() + first["groups"].get<int>(), objects.get<int>());
    EXPECT_EQ(first["whole"], true);
    EXPECT_EQ(first["fromTheBeginning"], true);
    EXPECT_EQ(first["digest"].get<std::string>().size(), 64U);
}

std::string dn_of(const std::string& uid) {
    return "uid=" + uid + ",ou=people," + std::string(rig_suffix);
}

/// Two directories that are recorded, and what came of them.
class RecordedSources : public ::testing::Test {
  protected:
    void SetUp() override {
        for (SlapdRig* rig : {&first_, &second_}) {
            rig->load_ldif(base_ldif());
            rig->start();
        }
    }

    void configure(const std::string& lines_of_second) {
        const auto record = [&](const std::string& name) {
            return "    record: { path: " + file_of(name) + " }\n";
        };
        daemon_.set_sources(
            "sources:\n" + source_text(daemon_, "first", access_to(first_), record("first")) +
            source_text(daemon_, "second", access_to(second_), record("second") + lines_of_second)
        );
    }
    void serve() {
        daemon_.launch();
        daemon_.wait_live({"first", "second"});
        static_cast<void>(daemon_.token());
    }
    [[nodiscard]] std::string file_of(const std::string& name) const {
        return daemon_.folder() + "/" + name + ".messages";
    }
    Json replay(std::vector<std::string> files) {
        files.insert(files.begin(), {"--json", "replay"});
        files.insert(files.end(), {"--config", daemon_.configuration(), "--repeat", "2"});
        const ProcessResult result = daemon_.command(std::move(files));
        EXPECT_EQ(result.exit_code, 0) << result.output;
        Json answer = Json::parse(result.output, nullptr, false);
        EXPECT_EQ(answer.value("same", false), true) << result.output;
        return answer;
    }
    /// A replay of both, in either order of the files, has what the stopped daemon's store has.
    void expect_replays_to_be_what_is_stored() {
        const auto stored = store::content_digest(daemon_.database());
        ASSERT_TRUE(stored);
        for (const auto& files :
             {std::vector{file_of("first"), file_of("second")},
              std::vector{file_of("second"), file_of("first")}}) {
            const Json answer = replay(files);
            EXPECT_EQ(answer["replays"][0]["digest"], *stored) << answer;
            EXPECT_EQ(answer["replays"][0]["fromTheBeginning"], true);
        }
    }
    [[nodiscard]] Json user(const std::string& name) {
        const Json found = daemon_.find("/Users", "userName eq \"" + name + "\"");
        return found.is_null() ? Json::object() : found;
    }

    SlapdRig first_;
    SlapdRig second_;
    DaemonRig daemon_;
};

TEST_F(RecordedSources, OfJoinedUsersAreReplayedTogether) {
    std::string first;
    std::string second;
    for (int number = 0; number < 40; ++number) {
        const std::string text = std::to_string(number);
        const std::string employee = "employeeNumber: " + text + "\n";
        if (number < 30)
            first += person("a" + text, employee);
        if (number >= 10)
            second += person("b" + text, employee + "title: Second " + text + "\n");
    }
    first_.modify(first + group("all", {dn_of("a1"), dn_of("a20")}));
    second_.modify(second + group("some", {dn_of("b11"), dn_of("b35")}));
    configure("    join: { users: [employeeNumber, userName] }\n");
    serve();
    wait_until("the joins", seconds(20), [&] {
        return user("a29").value("title", "") == "Second 29";
    });
    first_.modify("dn: " + dn_of("a11") + "\nchangetype: delete\n");
    wait_until("an object of its own", seconds(20), [&] { return user("b11").contains("id"); });
    second_.modify(person("rival", "employeeNumber: 12\n"));
    wait_until("two in quarantine", seconds(20), [&] {
        return daemon_.status_of("second").value("quarantined", 0) == 2;
    });
    daemon_.stop();
    second_.modify(
        "dn: " + dn_of("b13") + "\nchangetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1\n"
    );
    first_.modify(person("a11", "employeeNumber: 35\n"));
    serve();
    wait_until("the join of another", seconds(20), [&] {
        return user("a11").value("title", "") == "Second 35";
    });
    second_.modify("dn: " + dn_of("rival") + "\nchangetype: delete\n");
    wait_until("nobody in quarantine", seconds(20), [&] {
        return daemon_.status_of("second").value("quarantined", -1) == 0;
    });
    daemon_.stop();
    expect_replays_to_be_what_is_stored();
    const Json alone = replay({file_of("second")});
    EXPECT_EQ(alone["replays"][0]["users"], 30) << "nobody is there to be joined to";
}

TEST_F(RecordedSources, WhoWasFirstIsFirstInTheReplay) {
    std::string both;
    for (int number = 0; number < 300; ++number)
        both += person("u" + std::to_string(number));
    first_.modify(both);
    second_.modify(both);
    configure({});
    serve();
    for (int number = 0; number < 300; number += 10) {
        SlapdRig& owner = number % 20 == 0 ? first_ : second_;
        owner.modify(
            "dn: " + dn_of("u" + std::to_string(number)) +
            "\nchangetype: modify\nreplace: "
            "title\ntitle: Boss\n"
        );
    }
    EXPECT_EQ(daemon_.all("/Users").size(), 300U);
    daemon_.stop();
    expect_replays_to_be_what_is_stored();
}

}  // namespace
}  // namespace bascule::test
