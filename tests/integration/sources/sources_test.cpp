#include <gtest/gtest.h>

#include <csignal>

#include "tests/integration/sources/source_text.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;

std::string people(const std::string& uid) {
    return "uid=" + uid + ",ou=people," + std::string(rig_suffix);
}

/// Two directories of the same shape and one daemon that mirrors both.
class TwoSources : public ::testing::Test {
  protected:
    void SetUp() override {
        for (SlapdRig* rig : {&first_, &second_}) {
            rig->load_ldif(base_ldif());
            rig->start();
        }
        first_.modify(person("anna") + person("bert"));
        first_.modify(group("staff", {people("anna"), people("bert")}));
        second_.modify(person("carl") + person("dora"));
        second_.modify(group("staff", {people("carl"), people("dora")}));
    }

    std::string text(const std::string& first_lines = {}, const std::string& second_lines = {}) {
        return "sources:\n" + source_text(daemon_, "first", access_to(first_), first_lines) +
               source_text(daemon_, "second", access_to(second_), second_lines);
    }

    void serve() {
        daemon_.set_sources(text());
        daemon_.launch();
        daemon_.wait_live({"first", "second"});
        static_cast<void>(daemon_.token());
    }

    json user(const std::string& name) {
        return daemon_.find("/Users", "userName eq \"" + name + "\"");
    }
    void wait_user(const std::string& name, bool there = true) {
        wait_until(name, seconds(30), [&] { return user(name).is_object() == there; });
    }
    void reload() { daemon_.signal(SIGHUP); }
    void wait_state(const std::string& source, const std::string& state) {
        wait_until(source + " to be " + state, seconds(60), [&] {
            const json status = daemon_.status_of(source);
            return state.empty() ? status.is_null() && daemon_.status_of("first").is_object()
                                 : status.is_object() && status.value("state", "") == state;
        });
    }

    SlapdRig first_;
    SlapdRig second_;
    DaemonRig daemon_;
};

TEST_F(TwoSources, AreMirroredSideBySideAndKeepTheirIdsOverARestart) {
    serve();
    EXPECT_EQ(daemon_.all("/Users").size(), 4U);
    const auto groups = daemon_.all("/Groups");
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0]["displayName"], groups[1]["displayName"]);
    EXPECT_NE(groups[0]["id"], groups[1]["id"]);
    const auto id = user("carl")["id"];
    const auto received = daemon_.status_of("second").value("received", -1);
    EXPECT_GT(received, 0);
    daemon_.stop();
    daemon_.launch();
    daemon_.wait_live({"first", "second"});
    EXPECT_EQ(user("carl")["id"], id);
    EXPECT_EQ(daemon_.status_of("second").value("received", -1), 0);
}

TEST_F(TwoSources, OneThatIsDownOrSilentLeavesTheOtherLive) {
    serve();
    second_.stop();
    wait_state("second", "backoff");
    first_.modify(person("emil"));
    wait_user("emil");
    EXPECT_EQ(daemon_.status_of("first").value("state", ""), "live");
    EXPECT_TRUE(user("carl").is_object());
    second_.start();
    daemon_.wait_live({"second"});
    second_.freeze();
    first_.modify(person("fred"));
    wait_user("fred");
    second_.thaw();
    second_.modify(person("gerd"));
    wait_user("gerd");
}

TEST_F(TwoSources, EachHasItsOwnGuardAndPlan) {
    daemon_.set_sources(text({}, "    guard: { deletes: { at_least: 1, percent: 1 } }\n"));
    daemon_.launch();
    daemon_.wait_live({"first", "second"});
    static_cast<void>(daemon_.token());
    for (const char* uid : {"carl", "dora"}) {
        second_.modify("dn: " + people(uid) + "\nchangetype: delete\n\n");
    }
    first_.modify("dn: " + people("bert") + "\nchangetype: delete\n\n");
    wait_user("bert", false);
    wait_until("a hold", seconds(30), [&] {
        return daemon_.status_of("second").value("held", 0) > 0;
    });
    EXPECT_EQ(daemon_.status_of("first").value("held", -1), 0);
    const auto list = daemon_.command({"hold", "list"});
    EXPECT_NE(list.output.find("second  plan"), std::string::npos) << list.output;
    EXPECT_EQ(list.output.find("first  plan"), std::string::npos) << list.output;
}

TEST_F(TwoSources, DuplicateUserNameBelongsToItsFirstOwnerUntilHeGivesItUp) {
    serve();
    second_.modify(person("anna", "mail: other@rig.test\n"));
    wait_until("a quarantine", seconds(30), [&] {
        return daemon_.status_of("second").value("quarantined", 0) == 1;
    });
    const auto told = daemon_.command({"explain", "uid=anna,ou=people,dc=rig,dc=test"});
    EXPECT_NE(told.output.find("in quarantine of source second: duplicate"), std::string::npos)
        << told.output;
    EXPECT_FALSE(user("anna").contains("emails"));
    first_.modify("dn: " + people("anna") + "\nchangetype: delete\n\n");
    wait_until("the heir", seconds(60), [&] {
        const json found = user("anna");
        return found.is_object() && found.contains("emails");
    });
}

TEST_F(TwoSources, LocalUserKeepsHisNameAgainstASyncedOne) {
    serve();
    const auto made = daemon_.request(
        "POST", "/scim/v2/Users",
        {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}}, {"userName", "hans"}}
    );
    ASSERT_EQ(made.status, 201) << made.body;
    first_.modify(person("hans"));
    wait_until("a quarantine", seconds(30), [&] {
        return daemon_.status_of("first").value("quarantined", 0) == 1;
    });
    EXPECT_EQ(user("hans")["id"], made.json["id"]);
    EXPECT_EQ(
        daemon_.request("DELETE", "/scim/v2/Users/" + made.json["id"].get<std::string>()).status,
        204
    );
    wait_user("hans");
    EXPECT_NE(user("hans")["id"], made.json["id"]);
}

TEST_F(TwoSources, SourceOutOfTheConfigurationStaysServedReadOnlyUntilItIsRetired) {
    serve();
    const auto id = user("carl")["id"].get<std::string>();
    daemon_.set_sources("sources:\n" + source_text(daemon_, "first", access_to(first_)));
    reload();
    wait_state("second", "unconfigured");
    EXPECT_EQ(daemon_.command({"status"}).exit_code, 1);
    EXPECT_TRUE(user("carl").is_object());
    const auto refused = daemon_.request(
        "PATCH", "/scim/v2/Users/" + id,
        {{"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}},
         {"Operations", {{{"op", "replace"}, {"path", "title"}, {"value", "x"}}}}}
    );
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_NE(refused.body.find("second"), std::string::npos) << refused.body;

    EXPECT_EQ(daemon_.command({"source", "retire", "first"}).exit_code, 1);
    EXPECT_EQ(daemon_.command({"source", "retire", "secnod"}).exit_code, 1);
    const auto shown = daemon_.command({"--json", "source", "retire", "second"});
    const auto entries = json::parse(shown.output).at("entries").get<unsigned>();
    EXPECT_EQ(
        daemon_.command({"source", "retire", "second", "--confirm", std::to_string(entries + 1)})
            .exit_code,
        1
    );
    EXPECT_TRUE(user("carl").is_object());
    const auto done =
        daemon_.command({"source", "retire", "second", "--confirm", std::to_string(entries)});
    EXPECT_EQ(done.exit_code, 0) << done.output;
    EXPECT_FALSE(user("carl").is_object());
    EXPECT_TRUE(user("anna").is_object());
    EXPECT_TRUE(daemon_.status_of("second").is_null());
    const auto audit = daemon_.command({"audit", "tail", "--activity", "Retire source"});
    EXPECT_NE(audit.output.find("second"), std::string::npos) << audit.output;

    daemon_.set_sources(text());
    reload();
    daemon_.wait_live({"second"});
    EXPECT_EQ(user("carl")["id"], id);
    EXPECT_EQ(daemon_.all("/Groups").size(), 2U);
}

TEST(ThreeSources, OfThreeKindsAreServedTogether) {
    if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
        GTEST_SKIP() << obstacle;
    }
    SambaRig samba;
    samba.start();
    Ds389Rig& ds389 = shared_ds389();
    SlapdRig slapd;
    slapd.load_ldif(base_ldif());
    slapd.start();
    DaemonRig daemon;
    daemon.set_sources(
        "sources:\n" + source_text(daemon, "slapd", access_to(slapd)) +
        source_text(daemon, "ds", access_to(ds389)) +
        source_text(daemon, "domain", access_to(samba), "    ca: " + samba.ca_file() + "\n")
    );
    daemon.launch();
    daemon.wait_live({"slapd", "ds", "domain"});
    static_cast<void>(daemon.token());
    slapd.modify(person("inga"));
    ds389.modify(person("jens"));
    samba.add_user("karl");
    for (const char* name : {"inga", "jens", "karl@rig.test"}) {
        wait_until(name, seconds(30), [&] {
            return daemon.find("/Users", std::string("userName eq \"") + name + "\"").is_object();
        });
    }
    ds389.stop();
    slapd.modify(person("lena"));
    samba.add_user("mark");
    for (const char* name : {"lena", "mark@rig.test", "jens"}) {
        wait_until(name, seconds(30), [&] {
            return daemon.find("/Users", std::string("userName eq \"") + name + "\"").is_object();
        });
    }
    ds389.start();
    daemon.wait_live({"ds"});
}

}  // namespace
}  // namespace bascule::test
