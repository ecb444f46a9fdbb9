// Requests that are answered later (RFC 9967 section 2.5.1).
#include "tests/integration/events/event_rig.hpp"

namespace bascule::test {
namespace {

constexpr std::chrono::seconds patience{30};
const std::vector<std::string> async{"Prefer: respond-async"};

Json user(const std::string& name) {
    return {{"schemas", {user_schema}}, {"userName", name}};
}

class Asynchronous : public EventTest {
  protected:
    /// The path of an absolute location.
    static std::string path_of(const std::string& location) {
        return location.substr(location.find('/', 8));
    }
    /// Fetches the completion token when there is one.
    Token completion(const FullAnswer& accepted) {
        FullAnswer answer;
        wait_until("the completion", patience, [&] {
            answer = send("GET", path_of(accepted.headers.at("location")));
            return answer.status != 202;
        });
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.headers["content-type"], "application/secevent+jwt");
        return verify({answer.body}).at(0);
    }
    static void expect_accepted(const FullAnswer& answer) {
        EXPECT_EQ(answer.status, 202) << answer.body;
        EXPECT_TRUE(answer.body.empty());
        EXPECT_EQ(answer.headers.count("set-txn"), 1U);
        EXPECT_EQ(answer.headers.at("preference-applied"), "respond-async");
    }
};

TEST_F(Asynchronous, Check161_TheServiceSaysThatItAnswersLaterAndWhichEventsThereAre) {
    const Json events = send("GET", "/scim/v2/ServiceProviderConfig").json.at("securityEvents");
    EXPECT_EQ(events.at("asyncRequest"), "request");
    EXPECT_EQ(events.at("eventUris").size(), 12U);
}

TEST_F(Asynchronous, EveryWriteCanBeAnsweredLater) {
    const FullAnswer posted = send("POST", "/scim/v2/Users", user("ada"), async);
    expect_accepted(posted);
    const Token created = completion(posted);
    EXPECT_EQ(created.event(), "misc:asyncresp");
    EXPECT_EQ(created.payload().at("method"), "POST");
    EXPECT_EQ(created.payload().at("status"), "201");
    EXPECT_EQ(created.claims.at("txn"), posted.headers.at("set-txn"));
    const std::string path = "/scim/v2/Users/" + created.subject();
    EXPECT_EQ(send("GET", path).json.at("meta").at("version"), created.payload().at("version"));

    Json replaced = user("ada");
    replaced["displayName"] = "Ada";
    EXPECT_EQ(completion(send("PUT", path, replaced, async)).payload().at("status"), "200");
    const Json change{
        {"schemas", {patch_schema}},
        {"Operations",
         Json::array({{{"op", "replace"}, {"path", "title"}, {"value", "Countess"}}})}};
    EXPECT_EQ(completion(send("PATCH", path, change, async)).payload().at("status"), "200");
    EXPECT_EQ(send("GET", path).json.at("title"), "Countess");
    EXPECT_EQ(completion(send("DELETE", path, nullptr, async)).payload().at("status"), "204");
    EXPECT_EQ(send("GET", path).status, 404);
}

TEST_F(Asynchronous, EachOperationOfABulkRequestIsToldByItself) {
    const Json bulk{
        {"schemas", {"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}},
        {"Operations",
         Json::array(
             {{{"method", "POST"}, {"path", "/Users"}, {"bulkId", "a"}, {"data", user("ada")}},
              {{"method", "POST"}, {"path", "/Users"}, {"bulkId", "b"}, {"data", user("ada")}}}
         )}};
    const FullAnswer accepted = send("POST", "/scim/v2/Bulk", bulk, async);
    expect_accepted(accepted);
    FullAnswer answer;
    wait_until("the completion", patience, [&] {
        answer = send("GET", path_of(accepted.headers.at("location")));
        return answer.status == 200;
    });
    const std::string txn = accepted.headers.at("set-txn");
    std::map<std::string, Json> events;
    for (const Json& text : answer.json.at("sets")) {
        const Token token = verify({text}).at(0);
        events[token.claims.at("txn")] = token.payload();
    }
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events.at(txn + ":0").at("status"), "201");
    EXPECT_EQ(events.at(txn + ":0").at("bulkId"), "a");
    EXPECT_EQ(events.at(txn + ":1").at("status"), "409");
}

TEST_F(Asynchronous, AFailureIsToldWithItsReason) {
    (void)add_user("ada");
    const Token token = completion(send("POST", "/scim/v2/Users", user("ada"), async));
    EXPECT_EQ(token.payload().at("status"), "409");
    EXPECT_EQ(token.payload().at("response").at("scimType"), "uniqueness");
    EXPECT_EQ(token.claims.at("sub_id").at("uri"), "/Users");
    const FullAnswer conditional = send(
        "DELETE", "/scim/v2/Users/" + daemon_.all("/Users").at(0).at("id").get<std::string>(),
        nullptr, {"Prefer: respond-async", "If-Match: W/\"99\""}
    );
    EXPECT_EQ(completion(conditional).payload().at("status"), "412");
}

TEST_F(Asynchronous, WhatIsDoneInTheClientsTimeIsAnsweredAtOnce) {
    const FullAnswer answer =
        send("POST", "/scim/v2/Users", user("ada"), {"Prefer: respond-async, wait=10"});
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.json.at("userName"), "ada");
    EXPECT_EQ(answer.headers.count("set-txn"), 0U);
}

TEST_F(Asynchronous, APasswordIsNeverKeptForLater) {
    Json body = user("ada");
    body["password"] = "Correct-Horse-9-Battery";
    EXPECT_EQ(send("POST", "/scim/v2/Users", body, async).status, 201);
}

TEST_F(Asynchronous, OnlyTheClientItselfFetchesTheAnswer) {
    const std::string other = make_token("other", "users:write,events:read");
    const FullAnswer accepted = send("POST", "/scim/v2/Users", user("ada"), async);
    const std::string path = path_of(accepted.headers.at("location"));
    (void)completion(accepted);
    EXPECT_EQ(send("GET", path, nullptr, {}, other).status, 404);
    EXPECT_EQ(send("GET", path, nullptr, {}, "bsc_wrong").status, 401);
    EXPECT_EQ(send("GET", "/events/v1/async/none").status, 404);
}

TEST_F(Asynchronous, StreamsOfTheClientHearOfTheEnd) {
    (void)make_token("other", "users:write,events:read");
    stream({"create", "--name", "own", "--token", "client"});
    stream({"create", "--name", "foreign", "--push", "http://127.0.0.1:1/", "--token", "other"});
    const FullAnswer accepted = send("POST", "/scim/v2/Users", user("ada"), async);
    const auto tokens = tokens_of("own", 2);
    const std::string txn = accepted.headers.at("set-txn");
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_EQ(tokens[0].event(), "prov:create:notice");
    EXPECT_EQ(tokens[1].event(), "misc:asyncresp");
    EXPECT_EQ(tokens[0].claims.at("txn"), txn);
    EXPECT_EQ(tokens[1].claims.at("txn"), txn);
}

TEST_F(Asynchronous, AcceptedRequestsSurviveACrashAndAreCarriedOutOnce) {
    std::vector<FullAnswer> accepted;
    for (int i = 0; i < 40; ++i) {
        accepted.push_back(send("POST", "/scim/v2/Users", user("u" + std::to_string(i)), async));
        expect_accepted(accepted.back());
        if (i % 20 == 19) {
            daemon_.kill();
            daemon_.start();
        }
    }
    for (const FullAnswer& answer : accepted) {
        EXPECT_EQ(completion(answer).payload().at("status"), "201");
    }
    (void)daemon_.token();
    EXPECT_EQ(daemon_.all("/Users").size(), 60U);
}

TEST_F(Asynchronous, ARevokedTokenChangesNothingAnyMore) {
    const std::string other = make_token("other", "users:write");
    EXPECT_EQ(daemon_.command({"token", "revoke", "other"}).exit_code, 0);
    EXPECT_EQ(send("POST", "/scim/v2/Users", user("ada"), async, other).status, 401);
}

}  // namespace
}  // namespace bascule::test
