// What a client may not read, its streams and its asynchronous requests do not tell either.
#include "tests/integration/events/event_rig.hpp"

namespace bascule::test {
namespace {

const Json at_once{{"returnImmediately", true}, {"maxEvents", 1000}};

class LimitedClient : public EventTest {
  protected:
    void SetUp() override {
        EventTest::SetUp();
        bearer_ = make_token("limited", "users:write,events:read");
        rules({"--no-read", "title,name.givenName", "--no-write", "active"});
        stream({"create", "--name", "own", "--token", "limited", "--full"});
        writer_ = make_token("writer", "users:write");
    }

    void rules(std::vector<std::string> options) {
        options.insert(options.begin(), {"client", "set", "limited"});
        const ProcessResult result = daemon_.command(options);
        ASSERT_EQ(result.exit_code, 0) << result.output;
    }

    /// As another client, which sees everything.
    Json add(const std::string& name) {
        const Json body{
            {"schemas", {user_schema}},
            {"userName", name},
            {"title", "Hidden title"},
            {"name", {{"givenName", "Hidden given"}, {"familyName", "Seen"}}}};
        return send("POST", "/scim/v2/Users", body, {}, writer_).json;
    }
    void replace(const std::string& id, const std::string& path, const Json& value) {
        const Json body{
            {"schemas", {patch_schema}},
            {"Operations", {{{"op", "replace"}, {"path", path}, {"value", value}}}}};
        EXPECT_EQ(send("PATCH", "/scim/v2/Users/" + id, body, {}, writer_).status, 200);
    }

    std::string writer_;
};

TEST_F(LimitedClient, ReadsNothingHiddenInTokens) {
    const Json user = add("ada");
    replace(user.at("id"), "title", "Hidden new title");
    replace(user.at("id"), "displayName", "Ada");
    const auto tokens = tokens_of("own", 2);
    ASSERT_EQ(tokens.size(), 2U) << "the change of the title alone is nothing to this client";
    EXPECT_EQ(tokens[0].event(), "prov:create:full");
    EXPECT_EQ(tokens[1].event(), "prov:patch:full");
    for (const Token& token : tokens) {
        EXPECT_EQ(token.claims.dump().find("Hidden"), std::string::npos) << token.claims;
        EXPECT_EQ(token.claims.dump().find("title"), std::string::npos) << token.claims;
    }
    EXPECT_NE(tokens[0].claims.dump().find("Seen"), std::string::npos) << tokens[0].claims;
    EXPECT_NE(tokens[1].claims.dump().find("Ada"), std::string::npos) << tokens[1].claims;
}

TEST_F(LimitedClient, RulesCountAsTheyAreWhenTokensAreMade) {
    (void)add("ada");
    rules({"--all-attributes"});
    const auto tokens = tokens_of("own", 1);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_NE(tokens[0].claims.dump().find("Hidden title"), std::string::npos);
}

TEST_F(LimitedClient, IsHeldToItsRulesInAsynchronousRequests) {
    const Json user = add("ada");
    const Json body{
        {"schemas", {patch_schema}},
        {"Operations", {{{"op", "replace"}, {"path", "active"}, {"value", false}}}}};
    const FullAnswer accepted = send(
        "PATCH", "/scim/v2/Users/" + user.at("id").get<std::string>(), body,
        {"Prefer: respond-async"}
    );
    ASSERT_EQ(accepted.status, 202) << accepted.body;
    const auto tokens = tokens_of("own", 2);
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_EQ(tokens[1].event(), "misc:asyncresp");
    EXPECT_EQ(tokens[1].payload().at("status"), "403") << tokens[1].claims;
    EXPECT_EQ(tokens[1].claims.dump().find("Hidden"), std::string::npos) << tokens[1].claims;
}

TEST_F(LimitedClient, StreamsOfARevokedClientWait) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    stream({"create", "--name", "pushed", "--push", receiver.url(), "--token", "limited"});
    (void)add("ada");
    receiver.wait_for(1);
    EXPECT_EQ(daemon_.command({"client", "revoke", "limited"}).exit_code, 0);
    (void)add("bob");
    const Json status = stream_status("pushed");
    EXPECT_EQ(status.at("state"), "paused");
    EXPECT_NE(status.at("lastError").get<std::string>().find("revoked"), std::string::npos);
    EXPECT_EQ(receiver.received().size(), 1U);
}

}  // namespace
}  // namespace bascule::test
