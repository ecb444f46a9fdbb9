// What tokens say of each kind of change, in both details.
#include <sys/wait.h>

#include <fstream>

#include "tests/integration/events/event_rig.hpp"
#include "tests/support/process.hpp"

namespace bascule::test {
namespace {

Json replace(const std::string& path, const Json& value) {
    return Json::array({{{"op", "replace"}, {"path", path}, {"value", value}}});
}

/// Exactly one of `data` and `attributes`, as the event's name says (RFC 9967 section 2.4).
void expect_right_payload(const Token& token) {
    const std::string event = token.event();
    const bool full = event.ends_with(":full");
    const bool notice = event.ends_with(":notice");
    EXPECT_EQ(token.payload().contains("data"), full) << token.claims;
    EXPECT_EQ(token.payload().contains("attributes"), notice) << token.claims;
    if (!full && !notice) {
        EXPECT_TRUE(token.payload().empty()) << token.claims;
    }
    EXPECT_FALSE(token.claims.contains("sub"));
    EXPECT_EQ(token.claims.at("sub_id").at("format"), "scim");
    EXPECT_EQ(token.header.at("typ"), "secevent+jwt");
    EXPECT_EQ(token.header.at("alg"), "ES256");
}

class EventKinds : public EventTest {
  protected:
    void SetUp() override {
        EventTest::SetUp();
        stream({"create", "--name", "notices", "--token", "client"});
        stream({"create", "--name", "values", "--token", "client", "--full"});
    }
    /// The tokens of both streams after so many in each.
    std::pair<std::vector<Token>, std::vector<Token>> both(std::size_t count) {
        return {tokens_of("notices", count), tokens_of("values", count)};
    }
};

TEST_F(EventKinds, Check161_ProvisioningOfAUserIsToldFromItsBeginningToItsEnd) {
    const std::string id = add_user(
        "ada", {{"externalId", "e-1"}, {"displayName", "Ada"}, {"password", "Correct-Horse-9-Battery"}}
    );
    const std::string path = "/Users/" + id;
    patch(path, replace("displayName", "Ada L."));
    patch(path, replace("active", false));
    patch(path, replace("active", true));
    const FullAnswer put = send(
        "PUT", "/scim/v2" + path,
        {{"schemas", {user_schema}}, {"userName", "ada"}, {"displayName", "Lovelace"}}
    );
    EXPECT_EQ(put.status, 200);
    // Deactivation and activation come with the change that caused them.
    auto [notices, values] = both(7);
    ASSERT_EQ(notices.size(), 7U);
    ASSERT_EQ(values.size(), 7U);
    EXPECT_EQ(send("DELETE", "/scim/v2" + path).status, 204);
    for (auto* tokens : {&notices, &values}) {
        for (const Token& token : *tokens) {
            expect_right_payload(token);
            EXPECT_EQ(token.claims.at("sub_id").at("uri"), path);
            EXPECT_EQ(token.subject(), id);
            EXPECT_EQ(token.claims.at("sub_id").at("externalId"), "e-1");
        }
    }
    EXPECT_EQ(notices[0].event(), "prov:create:notice");
    EXPECT_EQ(values[0].event(), "prov:create:full");
    EXPECT_EQ(notices[1].payload().at("attributes"), Json({"displayName"}));
    EXPECT_EQ(values[1].event(), "prov:patch:full");
    EXPECT_EQ(values[1].payload().at("data").at("schemas"), Json({patch_schema}));
    EXPECT_EQ(values[2].event(), "prov:patch:full");
    EXPECT_EQ(values[2].claims.at("txn"), values[3].claims.at("txn"));
    EXPECT_NE(values[2].id(), values[3].id());
    EXPECT_EQ(notices[6].event(), "prov:put:notice");
    EXPECT_EQ(values[6].event(), "prov:put:full");
    const Json& data = values[6].payload().at("data");
    EXPECT_EQ(data.at("displayName"), "Lovelace");
    EXPECT_FALSE(data.contains("password"));
    EXPECT_EQ(values[6].payload().at("version"), put.json.at("meta").at("version"));
    // Of a resource that is gone, no state can be told any more.
    wait_until("the end of the user", std::chrono::seconds(30), [&] {
        return tokens_of("values", 1).back().event() == "prov:delete";
    });
    for (const Token& token : tokens_of("values", 1)) {
        EXPECT_FALSE(token.payload().contains("data")) << token.claims;
    }
}

TEST_F(EventKinds, ADeactivationIsSaidWhileItHolds) {
    const std::string id = add_user("bob");
    patch("/Users/" + id, replace("active", false));
    EXPECT_EQ(about(tokens_of("values", 3), "prov:deactivate", id).size(), 1U);
    patch("/Users/" + id, replace("active", true));
    EXPECT_EQ(about(tokens_of("values", 5), "prov:activate", id).size(), 2U);
}

TEST_F(EventKinds, MembershipsAreToldAsPatchesWithTheMembers) {
    const std::string ada = add_user("ada");
    const std::string bob = add_user("bob");
    const std::string group = add_group("crew", {ada});
    patch(
        "/Groups/" + group,
        Json::array(
            {{{"op", "add"}, {"path", "members"}, {"value", Json::array({{{"value", bob}}})}},
             {{"op", "remove"}, {"path", "members[value eq \"" + ada + "\"]"}}}
        )
    );
    const auto [notices, values] = both(6);
    const auto told = about(values, "prov:patch:full", group);
    ASSERT_EQ(told.size(), 3U);
    for (const Token& token : told) {
        expect_right_payload(token);
    }
    const Json joined = told[0].payload().at("data").at("Operations").at(0);
    EXPECT_EQ(joined.at("op"), "add");
    EXPECT_EQ(joined.at("value").at(0).at("value"), ada);
    EXPECT_EQ(
        told[1].payload().at("data").at("Operations").at(0).at("path"),
        "members[value eq \"" + ada + "\"]"
    );
    EXPECT_EQ(told[1].claims.at("txn"), told[2].claims.at("txn"));
    const auto named = about(notices, "prov:patch:notice", group);
    ASSERT_EQ(named.size(), 3U);
    EXPECT_EQ(named[0].payload().at("attributes"), Json({"members"}));
}

TEST_F(EventKinds, ManyMembersAtOnceAreANoticeToReadTheGroup) {
    std::vector<std::string> members;
    for (const Json& user : daemon_.all("/Users")) {
        members.push_back(user.at("id"));
    }
    for (int i = 0; i < 100; ++i) {
        members.push_back(add_user("more" + std::to_string(i)));
    }
    const std::string group = add_group("everybody", members);
    const auto values = tokens_of("values", 102);
    EXPECT_EQ(about(values, "prov:create:full", group).size(), 1U);
    const auto told = about(values, "prov:patch:notice", group);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].payload().at("attributes"), Json({"members"}));
}

TEST_F(EventKinds, ChangesOfTheDirectoryAreEventsToo) {
    const std::string id = daemon_.find("/Users", "userName eq \"" + user_uid(3) + "\"").at("id");
    const std::string group = daemon_.all("/Groups").at(0).at("id");
    const std::string group_name = daemon_.all("/Groups").at(0).at("displayName");
    directory_.set(user_dn(3), "sn", "Changed");
    const auto changed = tokens_of("values", 1);
    EXPECT_EQ(changed[0].event(), "prov:patch:full");
    EXPECT_EQ(changed[0].subject(), id);
    EXPECT_EQ(
        changed[0].payload().at("data").at("Operations").at(0).at("value").at("familyName"),
        "Changed"
    );
    directory_.modify("dn: " + user_dn(3) + "\nchangetype: delete\n");
    const auto gone = tokens_of("values", 2);
    EXPECT_EQ(about(gone, "prov:delete", id).size(), 1U);
    directory_.modify(
        "dn: " + group_dn(group_name) + "\nchangetype: modify\nadd: member\nmember: " + user_dn(1) +
        "\n"
    );
    const auto joined = tokens_of("values", 3);
    const auto told = about(joined, "prov:patch:full", group);
    ASSERT_EQ(told.size(), 1U) << joined.back().claims;
    EXPECT_EQ(
        told[0].payload().at("data").at("Operations").at(0).at("value").at(0).at("value"),
        daemon_.find("/Users", "userName eq \"" + user_uid(1) + "\"").at("id")
    );
}

TEST_F(EventKinds, AFeedOfOneGroupTellsWhoEntersAndLeavesIt) {
    const std::string ada = add_user("ada");
    const std::string bob = add_user("bob");
    const std::string group = add_group("crew");
    stream({"create", "--name", "crew", "--token", "client", "--group", group});
    patch(
        "/Groups/" + group,
        Json::array(
            {{{"op", "add"}, {"path", "members"}, {"value", Json::array({{{"value", ada}}})}}}
        )
    );
    patch("/Users/" + bob, replace("displayName", "not told"));
    patch("/Users/" + ada, replace("displayName", "told"));
    patch(
        "/Groups/" + group,
        Json::array({{{"op", "remove"}, {"path", "members[value eq \"" + ada + "\"]"}}})
    );
    const auto tokens = tokens_of("crew", 2);
    EXPECT_EQ(tokens.front().event(), "feed:add");
    EXPECT_EQ(tokens.back().event(), "feed:remove");
    for (const Token& token : tokens) {
        expect_right_payload(token);
        EXPECT_EQ(token.subject(), ada);
    }
}

TEST_F(EventKinds, ScopesAndTypesBoundAStream) {
    stream({"create", "--name", "groups", "--token", "client", "--scope", "groups:read"});
    stream({"create", "--name", "users", "--token", "client", "--type", "User"});
    const std::string ada = add_user("ada");
    const std::string group = add_group("crew");
    const auto groups = tokens_of("groups", 1);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].subject(), group);
    const auto users = tokens_of("users", 1);
    ASSERT_EQ(users.size(), 1U);
    EXPECT_EQ(users[0].subject(), ada);
}

TEST_F(EventKinds, AVerificationEventCarriesItsState) {
    stream({"verify", "notices", "--state", "are you there"});
    const auto tokens = tokens_of("notices", 1);
    EXPECT_EQ(tokens[0].event(), "https://schemas.openid.net/secevent/ssf/event-type/verification");
    EXPECT_EQ(tokens[0].payload().at("state"), "are you there");
    EXPECT_TRUE(poll("values", {{"returnImmediately", true}}).at("sets").empty());
}

TEST_F(EventKinds, ThePublishedKeyIsPublicAndStaysTheSame) {
    const FullAnswer before = send("GET", "/.well-known/jwks.json");
    EXPECT_EQ(before.json.at("keys").size(), 1U);
    EXPECT_FALSE(before.json.at("keys").at(0).contains("d"));
    daemon_.kill();
    daemon_.start();
    EXPECT_EQ(send("GET", "/.well-known/jwks.json").json, before.json);
}

TEST_F(EventKinds, AnRsaKeyOfTheOperatorSignsWithRs256) {
    const std::string key = daemon_.folder() + "/rsa.pem";
    ASSERT_EQ(run_program({"openssl", "genrsa", "-out", key, "2048"}).exit_code, 0);
    std::ofstream(daemon_.configuration(), std::ios::app)
        << "events: { signing_key: " << key << " }\n";
    EXPECT_EQ(daemon_.stop(), 0);
    daemon_.start();
    (void)add_user("ada");
    const auto tokens = tokens_of("notices", 1);
    EXPECT_EQ(tokens[0].header.at("alg"), "RS256");
}

TEST_F(EventKinds, AKeyThatCannotSignKeepsTheDaemonFromStarting) {
    const std::string key = daemon_.folder() + "/broken.pem";
    std::ofstream(key) << "no key\n";
    std::ofstream(daemon_.configuration(), std::ios::app)
        << "events: { signing_key: " << key << " }\n";
    EXPECT_EQ(daemon_.stop(), 0);
    daemon_.launch();
    siginfo_t end{};
    wait_until("the end of the daemon", std::chrono::seconds(30), [&] {
        const auto id = static_cast<id_t>(daemon_.process_id());
        return ::waitid(P_PID, id, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid != 0;
    });
    EXPECT_EQ(daemon_.stop(), 2);
}

}  // namespace
}  // namespace bascule::test
