// Other rules for a domain: what a plan says and other rules beside those in force show is what a
// reload does.
#include <chrono>

#include "tests/integration/active_directory/domain_fixture.hpp"
#include "tests/integration/daemon/plan_stage.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;

constexpr const char* other_rules =
    "    users: { filter: \"(&(objectClass=user)(department=sales))\", map: { title: sn, nickName: "
    "\"{givenName}!\" } }\n"
    "    groups: { map: { displayName: \"team {cn}\" } }\n";

class DomainRules : public DomainTest {
  protected:
    /// People of two departments and groups of them, mirrored; `candidate` has the other rules.
    void begin() {
        for (int i = 0; i < 12; ++i) {
            people_.push_back(samba().add_user(
                "user" + std::to_string(i), {},
                i % 3 == 0 ? "department: research\n" : "department: sales\n"
            ));
        }
        add_group("staff", people_);
        add_group("few", {people_[0], people_[1]});
        serve();
        ASSERT_EQ(wait_equal(), std::vector<std::string>{});
        candidate_ = daemon().folder() + "/new.yaml";
        write_file(candidate_, with_source_lines(daemon(), other_rules));
        exported_ = daemon().folder() + "/differences.jsonl";
    }
    void reload() {
        write_file(daemon().configuration(), contents(candidate_));
        const auto result = daemon().command({"reload"});
        ASSERT_EQ(result.exit_code, 0) << result.output;
        daemon().wait_for_state("live");
    }

    std::vector<std::string> people_;
    std::string candidate_;
    std::string exported_;
};

TEST_F(DomainRules, AReloadDoesExactlyWhatThePlanSaid) {
    begin();
    const auto before = served_by(daemon());
    const auto result =
        daemon().command({"--json", "plan", "--config", candidate_, "--export", exported_});
    const auto plan = json::parse(result.output, nullptr, false);
    ASSERT_TRUE(plan.contains("differences")) << result.output;
    const auto lines = exported_lines(exported_);
    EXPECT_EQ(plan["differences"], lines.size());
    EXPECT_GT(lines.size(), 12U);
    EXPECT_EQ(difference_of(before, served_by(daemon())), "") << "the plan changed the store";
    reload();
    EXPECT_EQ(difference_of(after_plan(before, lines), served_by(daemon())), "")
        << contents(exported_);
    EXPECT_EQ(plan["sources"][0]["held"]["total"], daemon().source_status()["held"]);
}

TEST_F(DomainRules, OtherRulesFollowTheDomainAndShowWhatAReloadDoes) {
    begin();
    const auto begun = daemon().command({"what-if", "start", "--config", candidate_});
    ASSERT_EQ(begun.exit_code, 0) << begun.output;
    const auto shown = [&] {
        static_cast<void>(daemon().command({"what-if", "show", "--export", exported_}));
        return exported_lines(exported_);
    };
    wait_until("the other rules to be live", std::chrono::seconds(30), [&] {
        const auto now =
            json::parse(daemon().command({"--json", "what-if", "status"}).output, nullptr, false);
        return now.contains("sources") && now["sources"].size() == 1 &&
               now["sources"][0].value("live", false);
    });
    const auto size = after_plan(served_by(daemon()), shown()).size();
    // One joins the department, one leaves it, one is deleted, one is renamed.
    samba().set(people_[0], "department", "sales");
    samba().set(people_[1], "department", "research");
    samba().modify("dn: " + people_[2] + "\nchangetype: delete\n");
    samba().set(people_[4], "sn", "Changed");
    ASSERT_EQ(wait_equal(), std::vector<std::string>{});
    wait_until("the changes beside the live rules", std::chrono::seconds(30), [&] {
        const auto other = after_plan(served_by(daemon()), shown());
        bool renamed = false;
        for (const auto& [id, object] : other) {
            const auto title = object.attributes.find("title");
            renamed = renamed || (title != object.attributes.end() && title->second == "Changed");
        }
        return renamed && other.size() == size - 1;
    });
    const auto expected = after_plan(served_by(daemon()), shown());
    reload();
    EXPECT_EQ(difference_of(expected, served_by(daemon())), "");
    EXPECT_TRUE(shown().empty());
}

}  // namespace
}  // namespace bascule::test
