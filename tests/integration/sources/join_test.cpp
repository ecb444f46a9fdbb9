#include <gtest/gtest.h>

#include <csignal>

#include "tests/integration/sources/source_text.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr const char* enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

std::string people(const std::string& uid) {
    return "uid=" + uid + ",ou=people," + std::string(rig_suffix);
}

/// Two directories in which some people stand twice; the second joins the first by employee
/// number, then by user name.
class JoinedSources : public ::testing::Test {
  protected:
    void SetUp() override {
        for (SlapdRig* rig : {&first_, &second_}) {
            rig->load_ldif(base_ldif());
            rig->start();
        }
        first_.modify(person("anna", "employeeNumber: 7\nuserPassword: Passw0rd-1\n"));
        first_.modify(person("bert", "userPassword: Passw0rd-1\n"));
        second_.modify(person("a.smith", "employeeNumber: 7\ntitle: Doctor\nmail: anna@rig.test\n")
        );
        second_.modify(person("carl"));
        second_.modify(group("staff", {people("a.smith"), people("carl")}));
        daemon_.set_sources(text("[employeeNumber, userName]"));
    }

    std::string text(const std::string& match) {
        const std::string maps =
            "    users: { map: { nickName: description } }\n    join: { users: " + match + " }\n";
        const std::string writes = "    write_back: { password: true }\n";
        return "sources:\n" + source_text(daemon_, "first", access_to(first_), writes) +
               source_text(daemon_, "second", access_to(second_), maps + writes);
    }

    void serve() {
        daemon_.launch();
        daemon_.wait_live({"first", "second"});
        static_cast<void>(daemon_.token());
        wait_until("the join", seconds(20), [&] {
            return user("anna").value("title", "") == "Doctor";
        });
    }

    json user(const std::string& name) {
        const json found = daemon_.find("/Users", "userName eq \"" + name + "\"");
        return found.is_null() ? json::object() : found;
    }
    std::set<std::string> staff() {
        std::set<std::string> ids;
        const json found = daemon_.find("/Groups", "displayName eq \"staff\"");
        for (const auto& member : found.value("members", json::array())) {
            ids.insert(member["value"].get<std::string>());
        }
        return ids;
    }
    std::string id(const std::string& name) { return user(name).value("id", "nobody"); }
    HttpAnswer patch(const std::string& path, const std::string& value) {
        return daemon_.request(
            "PATCH", "/scim/v2/Users/" + id("anna"),
            {{"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}},
             {"Operations", {{{"op", "replace"}, {"path", path}, {"value", value}}}}}
        );
    }

    SlapdRig first_;
    SlapdRig second_;
    DaemonRig daemon_;
};

TEST_F(JoinedSources, OnePersonInTwoDirectoriesIsOneUser) {
    serve();
    EXPECT_EQ(daemon_.all("/Users").size(), 3U);
    const json anna = user("anna");
    EXPECT_EQ(anna["emails"][0]["value"], "anna@rig.test");
    EXPECT_EQ(anna["displayName"], "anna");
    EXPECT_EQ(staff(), (std::set<std::string>{id("anna"), id("carl")}));
    const auto told = daemon_.command({"explain", people("a.smith")});
    EXPECT_NE(told.output.find("mirrored from source second as a part of " + people("anna")), std::string::npos)
        << told.output;
    const auto title = daemon_.command({"explain", "anna", "--attribute", "title"});
    EXPECT_NE(title.output.find("from second, " + people("a.smith")), std::string::npos) << title.output;
    daemon_.stop();
    daemon_.launch();
    daemon_.wait_live({"first", "second"});
    EXPECT_EQ(user("anna"), anna);
}

TEST_F(JoinedSources, EachAttributeIsRefusedInTheNameOfTheSourceThatMastersIt) {
    serve();
    const auto title = patch("title", "Boss");
    EXPECT_EQ(title.status, 400) << title.body;
    EXPECT_NE(title.body.find("'first'"), std::string::npos) << title.body;
    second_.modify(
        "dn: " + people("a.smith") +
        "\nchangetype: modify\nadd: description\ndescription: Annie\n\n"
    );
    wait_until("the name", seconds(20), [&] {
        return user("anna").value("nickName", "") == "Annie";
    });
    const auto nick = patch("nickName", "An");
    EXPECT_EQ(nick.status, 400) << nick.body;
    EXPECT_NE(nick.body.find("'second'"), std::string::npos) << nick.body;
    EXPECT_NE(nick.body.find("uid=a.smith"), std::string::npos) << nick.body;
    const auto time_zone = patch("timezone", "Europe/Berlin");
    EXPECT_EQ(time_zone.status, 200) << time_zone.body;
    const json bert = user("bert");
    const auto free = daemon_.request(
        "PATCH", "/scim/v2/Users/" + bert["id"].get<std::string>(),
        {{"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}},
         {"Operations", {{{"op", "replace"}, {"path", "nickName"}, {"value", "B"}}}}}
    );
    EXPECT_EQ(free.status, 200) << free.body;
    first_.modify(
        "dn: " + people("anna") + "\nchangetype: modify\nadd: title\ntitle: Professor\n\n"
    );
    wait_until("the title", seconds(20), [&] {
        return user("anna").value("title", "") == "Professor";
    });
    EXPECT_EQ(user("anna").value("timezone", ""), "Europe/Berlin");
}

TEST_F(JoinedSources, PartOfAnObjectThatGoesBecomesAnObjectAndJoinsAgain) {
    serve();
    const std::string anna = id("anna");
    first_.modify("dn: " + people("anna") + "\nchangetype: delete\n\n");
    wait_until("an object of its own", seconds(20), [&] { return user("a.smith").contains("id"); });
    wait_until("the group", seconds(20), [&] {
        return staff() == std::set<std::string>{id("a.smith"), id("carl")};
    });
    first_.modify(person("anna", "employeeNumber: 7\n"));
    wait_until("the join", seconds(20), [&] {
        return user("anna").value("title", "") == "Doctor" && !user("a.smith").contains("id");
    });
    EXPECT_EQ(staff(), (std::set<std::string>{id("anna"), id("carl")}));
    EXPECT_NE(id("anna"), anna) << "another entry is another object";
}

TEST_F(JoinedSources, WhoComesFirstDoesNotMatter) {
    first_.stop();
    daemon_.launch();
    daemon_.wait_live({"second"});
    static_cast<void>(daemon_.token());
    const std::string before = id("a.smith");
    const auto made = daemon_.request(
        "POST", "/scim/v2/Groups",
        {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:Group"}},
         {"displayName", "local"},
         {"members", {{{"value", before}}}}}
    );
    ASSERT_EQ(made.status, 201) << made.body;
    first_.start();
    daemon_.wait_live({"first"});
    wait_until("the join", seconds(30), [&] {
        return user("anna").value("title", "") == "Doctor";
    });
    EXPECT_EQ(staff(), (std::set<std::string>{id("anna"), id("carl")}));
    const json local = daemon_.find("/Groups", "displayName eq \"local\"");
    EXPECT_EQ(local["members"][0]["value"], id("anna"));
    EXPECT_EQ(daemon_.request("GET", "/scim/v2/Users/" + before).status, 404);
}

TEST_F(JoinedSources, AmbiguousEntriesWaitWithWordsAndHeal) {
    serve();
    second_.modify(person("rival", "employeeNumber: 7\n"));
    wait_until("two in quarantine", seconds(20), [&] {
        return daemon_.status_of("second").value("quarantined", 0) == 2;
    });
    const auto told = daemon_.command({"explain", people("rival")});
    EXPECT_NE(told.output.find("ambiguous: it and"), std::string::npos) << told.output;
    EXPECT_FALSE(user("anna").contains("title"));
    second_.modify("dn: " + people("rival") + "\nchangetype: delete\n\n");
    wait_until("the join", seconds(20), [&] {
        return user("anna").value("title", "") == "Doctor";
    });
    EXPECT_EQ(daemon_.status_of("second").value("quarantined", -1), 0);
}

TEST_F(JoinedSources, SignInAndPasswordAreThoseOfTheMaster) {
    serve();
    HttpClient client(daemon_.port());
    HttpHeaders headers{{"Content-Type", "application/json"}, {"X-Bascule-Request", "1"}};
    const auto post = [&](const std::string& target, const json& body) {
        return client.send({"POST", target, headers, body.dump()});
    };
    const std::string old_one(user_password);
    EXPECT_NE(
        post("/api/v1/session", {{"userName", "a.smith"}, {"password", old_one}}).status, 200
    );
    const auto session = post("/api/v1/session", {{"userName", "anna"}, {"password", old_one}});
    ASSERT_EQ(session.status, 200) << session.body;
    const std::string cookie = session.header("Set-Cookie");
    headers.emplace_back("Cookie", cookie.substr(0, cookie.find(';')));
    const auto changed = post(
        "/api/v1/account/change-password",
        {{"oldPassword", old_one}, {"newPassword", "An0ther-Secret"}}
    );
    EXPECT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(first_.bind(people("anna"), "An0ther-Secret"), 0);
    EXPECT_NE(second_.bind(people("a.smith"), "An0ther-Secret"), 0);
}

TEST_F(JoinedSources, ManagerResetsThePasswordInTheMaster) {
    serve();
    ASSERT_EQ(daemon_.command({"role", "assign", "Helpdesk Administrator", "bert"}).exit_code, 0);
    HttpClient client(daemon_.port());
    HttpHeaders headers{{"Content-Type", "application/json"}, {"X-Bascule-Request", "1"}};
    const json credentials{{"userName", "bert"}, {"password", std::string(user_password)}};
    const auto session = client.send({"POST", "/api/v1/session", headers, credentials.dump()});
    ASSERT_EQ(session.status, 200) << session.body;
    const std::string cookie = session.header("Set-Cookie");
    headers.emplace_back("Cookie", cookie.substr(0, cookie.find(';')));
    headers.emplace_back("Idempotency-Key", "reset-anna");
    const json body{{"newPassword", "Reset-Secret-1"}};
    const auto reset = client.send(
        {"POST", "/api/v1/staff/users/" + id("anna") + "/reset-password", headers, body.dump()}
    );
    EXPECT_EQ(reset.status, 200) << reset.body;
    EXPECT_EQ(reset.json.value("source", ""), "first") << reset.body;
    EXPECT_EQ(first_.bind(people("anna"), "Reset-Secret-1"), 0);
}

TEST_F(JoinedSources, ChangedRulesTakeEffectByAReload) {
    serve();
    daemon_.set_sources(text("[externalId]"));
    daemon_.signal(SIGHUP);
    wait_until("an object of its own", seconds(30), [&] { return user("a.smith").contains("id"); });
    EXPECT_FALSE(user("anna").contains("title"));
}

TEST_F(JoinedSources, RuleThatNamesNoAttributeIsRefused) {
    daemon_.set_sources(text("[employeNumber]"));
    const auto checked = run_program({BASCULE_PROGRAM, "check", daemon_.configuration()});
    EXPECT_EQ(checked.exit_code, 1);
    EXPECT_NE(checked.output.find("sources[1].join.users"), std::string::npos) << checked.output;
}

}  // namespace
}  // namespace bascule::test
