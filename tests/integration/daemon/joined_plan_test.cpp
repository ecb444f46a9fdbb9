// Plans and what-if rules of two directories of which the second joins the first.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>

#include "tests/integration/daemon/plan_model.hpp"
#include "tests/integration/daemon/plan_stage.hpp"
#include "tests/integration/sources/source_text.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

constexpr const char* open_guard =
    "    guard: { deletes: { percent: 100 }, emptied: { percent: 100 }, memberships: { percent: "
    "100 }, attribute_loss: { percent: 100 } }\n";

/// Numbers 0 to 29 in the first, 20 to 49 in the second; some lack their number, and two people of
/// the second have the same one.
std::string people_of(const std::string& place, int from, int to) {
    std::string ldif;
    std::vector<std::string> members;
    for (int number = from; number < to; ++number) {
        const std::string name = fmt::format("{}{}", number % 5 == 0 ? "u" : place, number);
        std::string more = fmt::format("givenName: {}\n", place);
        if (number % 7 != 0) {
            more += fmt::format("employeeNumber: {}\n", number == 48 ? 47 : number);
        }
        if (number % 3 == 0 || place == "s") {
            more += fmt::format("title: {} {}\n", place, number % 4);
        }
        ldif += person(name, more);
        if (number % 2 == 0) {
            members.push_back("uid=" + name + ",ou=people," + std::string(rig_suffix));
        }
    }
    return ldif + group("group-" + place, members);
}

/// Every row of the tables that a plan could touch.
std::string rows_of(const std::string& database) {
    std::string out;
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open_v2(database.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    const auto add = [](void* text, int columns, char** values, char**) {
        for (int column = 0; column < columns; ++column) {
            *static_cast<std::string*>(text) +=
                (values[column] ? values[column] : "") + std::string("|");
        }
        *static_cast<std::string*>(text) += "\n";
        return 0;
    };
    for (const char* table : {"object", "document", "edge", "entry", "term", "unresolved"}) {
        out += std::string(table) + "\n";
        sqlite3_exec(handle, ("SELECT * FROM " + std::string(table)).c_str(), add, &out, nullptr);
    }
    sqlite3_exec(
        handle, "SELECT count(*) FROM journal WHERE activity NOT LIKE '%token%'", add, &out, nullptr
    );
    sqlite3_close(handle);
    return out;
}

class JoinedPlan : public ::testing::Test {
  protected:
    struct Wanted {
        std::string first = open_guard;
        std::string second =
            std::string("    join: { users: [employeeNumber, userName] }\n") + open_guard;
        bool turned = false;
    };

    void SetUp() override {
        first_.load_ldif(base_ldif());
        first_.start();
        first_.modify(people_of("f", 0, 30));
        second_.load_ldif(base_ldif());
        second_.start();
        second_.modify(people_of("s", 20, 50));
        daemon_.set_sources(sources(Wanted()));
        daemon_.launch();
        daemon_.wait_live({"first", "second"});
        static_cast<void>(daemon_.token());
        candidate_ = daemon_.folder() + "/new.yaml";
        differences_ = daemon_.folder() + "/diff.jsonl";
        wait_until("the joins", seconds(20), [&] { return plan(Wanted())["differences"] == 0; });
    }

    std::string sources(const Wanted& wanted) {
        const std::string first = source_text(daemon_, "first", access_to(first_), wanted.first);
        const std::string second =
            source_text(daemon_, "second", access_to(second_), wanted.second);
        return "sources:\n" + (wanted.turned ? second + first : first + second);
    }
    void write_candidate(const Wanted& wanted) {
        const std::string running = contents(daemon_.configuration());
        const std::size_t at = running.find("sources:\n");
        write_file(candidate_, running.substr(0, at) + sources(wanted));
    }
    Json plan(const Wanted& wanted) {
        write_candidate(wanted);
        const ProcessResult result =
            daemon_.command({"--json", "plan", "--config", candidate_, "--export", differences_});
        const Json value = Json::parse(result.output, nullptr, false);
        if (!value.contains("plan")) {
            throw std::runtime_error("no plan: " + result.output);
        }
        return value;
    }
    void reload() {
        std::filesystem::copy_file(
            candidate_, daemon_.configuration(), std::filesystem::copy_options::overwrite_existing
        );
        const ProcessResult result = daemon_.command({"reload"});
        ASSERT_EQ(result.exit_code, 0) << result.output;
        daemon_.wait_live({"first", "second"});
    }
    /// Sources take in within a second what others have changed.
    void expect_to_become(const ServedObjects& expected) {
        std::string difference;
        const auto end = std::chrono::steady_clock::now() + seconds(20);
        do {
            difference = difference_of(expected, served_by(daemon_));
        } while (!difference.empty() && std::chrono::steady_clock::now() < end);
        EXPECT_EQ(difference, "");
    }

    Json what_if_status() {
        return Json::parse(daemon_.command({"what-if", "--json", "status"}).output, nullptr, false);
    }
    void wait_until_read() {
        wait_until("the other rules to be live", seconds(30), [&] {
            const Json now = what_if_status();
            return now.contains("sources") && now["sources"].size() == 2 &&
                   now["sources"][0].value("live", false) && now["sources"][1].value("live", false);
        });
    }
    std::vector<Json> shown() {
        const ProcessResult result = daemon_.command({"what-if", "show", "--export", differences_});
        EXPECT_NE(result.exit_code, 2) << result.output;
        return exported_lines(differences_);
    }

    SlapdRig first_;
    SlapdRig second_;
    DaemonRig daemon_;
    std::string candidate_;
    std::string differences_;
};

TEST_F(JoinedPlan, AReloadDoesExactlyWhatThePlanSaid) {
    const std::string number = "    join: { users: [employeeNumber] }\n";
    const std::string name = "    join: { users: [userName] }\n";
    const std::string both = "    join: { users: [employeeNumber, userName] }\n";
    const std::string guard = open_guard;
    const std::vector<Wanted> changes{
        {guard, name + guard},
        {guard, number + guard},
        {guard, guard},
        {guard, both + guard},
        {"    users: { map: { title: sn } }\n" + guard, both + guard},
        {guard, "    users: { map: { nickName: givenName, title: } }\n" + both + guard},
        {"    users: { map: { userName: cn, nickName: givenName } }\n" + guard, name + guard},
        {"    users: { filter: \"(&(objectClass=inetOrgPerson)(!(title=f 1)))\" }\n" + guard,
         both + guard},
        {guard, "    users: { filter: \"(title=s 2)\" }\n" + both + guard},
        {guard, both + guard},
        {both + guard, guard, true},
        {guard, both + guard},
    };
    int number_of_change = 0;
    for (const Wanted& change : changes) {
        SCOPED_TRACE(++number_of_change);
        const ServedObjects before = served_by(daemon_);
        const std::string rows = rows_of(daemon_.database());
        const Json planned = plan(change);
        const auto lines = exported_lines(differences_);
        EXPECT_GT(lines.size(), 0U);
        EXPECT_EQ(planned["differences"], lines.size());
        EXPECT_EQ(plan(change)["plan"], planned["plan"]) << "the same plan has another name";
        EXPECT_EQ(difference_of(before, served_by(daemon_)), "") << "the plan changed something";
        EXPECT_EQ(rows_of(daemon_.database()), rows) << "the plan wrote to the store";
        reload();
        expect_to_become(after_plan(before, lines));
        EXPECT_EQ(plan(change)["differences"], 0);
        if (HasFailure()) {
            FAIL() << contents(differences_);
        }
    }
}

TEST_F(JoinedPlan, TellsWhoBecomesAPartOfWhomAndFromWhichSourceAValueIs) {
    plan({open_guard, open_guard});
    const auto parted = exported_lines(differences_);
    bool title = false;
    std::size_t own = 0;
    for (const Json& line : parted) {
        if (line["change"] == "added") {
            ++own;
            EXPECT_EQ(line["source"], "second") << line;
            EXPECT_TRUE(line.value("cause", "").starts_with("was a part of 'f")) << line;
        } else if (line["change"] == "changed") {
            EXPECT_EQ(line["source"], "first") << line;
            for (const Json& attribute : line["attributes"]) {
                title = title || attribute["attribute"] == "title";
                EXPECT_EQ(attribute["from"], "second") << line;
                EXPECT_FALSE(attribute.contains("after")) << line;
            }
        }
    }
    EXPECT_TRUE(title);
    EXPECT_GT(own, 5U);
    reload();
    wait_until("the parts to be objects", seconds(20), [&] {
        return plan({open_guard, open_guard})["differences"] == 0;
    });
    plan(Wanted());
    std::size_t joined = 0;
    for (const Json& line : exported_lines(differences_)) {
        if (line["change"] == "removed" &&
            line["cause"].get<std::string>().starts_with("joined: ")) {
            ++joined;
        }
        for (const Json& attribute : line.value("attributes", Json::array())) {
            if (line["change"] == "changed") {
                EXPECT_EQ(attribute["from"], "second") << line;
            }
        }
    }
    EXPECT_EQ(joined, own);
}

TEST_F(JoinedPlan, ApprovalCarriesOutExactlyWhatWasHeldInBoth) {
    const Wanted drastic{
        "    users: { filter: \"(uid=f1*)\" }\n",
        "    users: { filter: \"(&(objectClass=inetOrgPerson)(uid=s4*))\", map: { title: } }\n"
        "    join: { users: [employeeNumber, userName] }\n"};
    const ServedObjects before = served_by(daemon_);
    const Json planned = plan(drastic);
    const std::string name = planned.value("plan", "");
    std::set<std::string> held;
    for (const Json& line : exported_lines(differences_)) {
        if (line["change"] == "held") {
            held.insert(line["source"].get<std::string>() + line.dump());
        }
    }
    EXPECT_GT(planned["sources"][0]["held"]["total"], 10) << planned;
    EXPECT_GT(planned["sources"][1]["held"]["total"], 10) << planned;
    EXPECT_EQ(daemon_.command({"hold", "approve", name}).exit_code, 1) << "nothing is applied yet";
    reload();
    EXPECT_GE(served_by(daemon_).size() + 5, before.size());
    wait_until("the plan to be held", seconds(20), [&] {
        return daemon_.command({"hold", "list"}).output.find("plan " + name) != std::string::npos;
    });
    second_.modify(person("s99", "employeeNumber: 99\n"));
    const ProcessResult done = daemon_.command({"hold", "approve", name.substr(0, 8)});
    EXPECT_EQ(done.exit_code, 0) << done.output;
    EXPECT_NE(done.output.find("of source first"), std::string::npos) << done.output;
    EXPECT_NE(done.output.find("of source second"), std::string::npos) << done.output;
    // What is left is what a mirror makes that begins with this configuration.
    wait_until("both to come to rest", seconds(20), [&] {
        return plan(drastic)["differences"] == 0;
    });
    const ServedObjects after = served_by(daemon_);
    EXPECT_LT(after.size(), before.size() / 2);
    for (const auto& [id, object] : after) {
        const bool kept = object.type == "Group" || !object.attributes.contains("title") ||
                          object.attributes.at("userName").get<std::string>().starts_with("f");
        EXPECT_TRUE(kept) << Json(object.attributes);
    }
}

TEST_F(JoinedPlan, WhatIfShowsTheSameFollowsBothAndGoesOnAfterAKill) {
    const Wanted other{
        open_guard,
        "    join: { users: [userName] }\n    users: { map: { nickName: givenName } }\n"};
    write_candidate(other);
    const ProcessResult begun = daemon_.command({"what-if", "start", "--config", candidate_});
    ASSERT_EQ(begun.exit_code, 0) << begun.output;
    wait_until_read();
    plan(other);
    const ServedObjects before = served_by(daemon_);
    const ServedObjects planned = after_plan(before, exported_lines(differences_));
    wait_until("the plan's objects", seconds(20), [&] {
        return difference_of(planned, after_plan(before, shown())).empty();
    });
    // A change of the first directory makes an entry of the second an object of its own.
    first_.modify("dn: uid=u25,ou=people," + std::string(rig_suffix) + "\nchangetype: delete\n");
    second_.modify(person("s77", "employeeNumber: 3\n"));
    wait_until("both changes", seconds(20), [&] {
        plan(other);
        const ServedObjects now = served_by(daemon_);
        const ServedObjects after = after_plan(now, exported_lines(differences_));
        return now.size() == before.size() && after.size() == planned.size() + 1 &&
               difference_of(after, after_plan(now, shown())).empty();
    });
    const auto lines = shown();
    daemon_.kill();
    daemon_.launch();
    daemon_.wait_live({"first", "second"});
    wait_until_read();
    const Json status = what_if_status();
    EXPECT_EQ(status["sources"][0]["received"], 0) << "it goes on from its stamp";
    EXPECT_EQ(status["sources"][1]["received"], 0);
    EXPECT_EQ(shown(), lines);
    const ServedObjects expected = after_plan(served_by(daemon_), lines);
    reload();
    expect_to_become(expected);
    wait_until("the same rules", seconds(20), [&] { return shown().empty(); });
}

}  // namespace
}  // namespace bascule::test
