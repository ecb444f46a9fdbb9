// Streams that their receivers manage (OpenID Shared Signals Framework 1.0).
#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/integration/events/event_rig.hpp"

namespace bascule::test {
namespace {

constexpr const char* streams = "/events/v1/streams";
constexpr const char* status_path = "/events/v1/status";
constexpr const char* verification = "/events/v1/verification";
const std::string prov = "urn:ietf:params:scim:event:prov:";
const Json at_once{{"returnImmediately", true}};

class Signals : public EventTest {
  protected:
    using EventTest::EventTest;

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(daemon_.port());
    }
    Json make(const Json& body = Json::object(), const std::string& bearer = {}) {
        const FullAnswer answer = send("POST", streams, body, {}, bearer);
        EXPECT_EQ(answer.status, 201) << answer.body;
        return answer.json;
    }
    FullAnswer read(const std::string& id, const std::string& bearer = {}) {
        return send("GET", std::string(streams) + "?stream_id=" + id, nullptr, {}, bearer);
    }
    FullAnswer set_status(const std::string& id, const char* word) {
        return send("POST", status_path, {{"stream_id", id}, {"status", word}});
    }
    std::string status_of(const std::string& id) {
        return send("GET", std::string(status_path) + "?stream_id=" + id).json.value("status", "");
    }
    static std::string id_of(const Json& stream) { return stream.value("stream_id", ""); }
    static bool lists(const Json& list, const std::string& text) {
        return std::find(list.begin(), list.end(), text) != list.end();
    }
};

class SignalsPushed : public Signals {
  protected:
    SignalsPushed() : Signals("events: { receivers: [127.0.0.1, \"*.example.com\"] }\n") {}
};

TEST_F(Signals, TheTransmitterSaysWhereStreamsAreManaged) {
    const FullAnswer answer = send("GET", "/.well-known/ssf-configuration");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    const Json& told = answer.json;
    EXPECT_EQ(told["issuer"], url());
    EXPECT_EQ(told["spec_version"], "1_0");
    EXPECT_EQ(told["jwks_uri"], url() + "/.well-known/jwks.json");
    EXPECT_EQ(told["configuration_endpoint"], url() + streams);
    EXPECT_EQ(told["status_endpoint"], url() + status_path);
    EXPECT_EQ(told["verification_endpoint"], url() + verification);
    EXPECT_EQ(told["delivery_methods_supported"], Json{"urn:ietf:rfc:8936"});
    EXPECT_EQ(told["default_subjects"], "ALL");
    EXPECT_FALSE(told["authorization_schemes"].empty());
}

TEST_F(SignalsPushed, PushingIsOfferedWhereReceiversAreNamed) {
    const Json told = send("GET", "/.well-known/ssf-configuration").json;
    EXPECT_TRUE(lists(told["delivery_methods_supported"], "urn:ietf:rfc:8935"));
}

TEST_F(Signals, AClientMakesAStreamAndPollsIt) {
    const Json made = make({{"description", "for tests"}});
    const std::string id = id_of(made);
    EXPECT_EQ(made["iss"], url());
    EXPECT_EQ(made["aud"], "client");
    EXPECT_EQ(made["delivery"]["method"], "urn:ietf:rfc:8936");
    EXPECT_EQ(made["delivery"]["endpoint_url"], url() + streams + "/" + id + "/poll");
    EXPECT_EQ(made["description"], "for tests");
    EXPECT_TRUE(lists(made["events_supported"], prov + "create:full"));
    EXPECT_TRUE(lists(made["events_delivered"], prov + "create:notice"));
    EXPECT_FALSE(lists(made["events_delivered"], prov + "create:full"));
    EXPECT_EQ(read(id).json, made);
    EXPECT_EQ(send("GET", streams).json, Json::array({made}));
    const std::string user = add_user("ada");
    const auto tokens = tokens_of(id, 1);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens[0].event(), "prov:create:notice");
    EXPECT_EQ(tokens[0].subject(), user);
    EXPECT_EQ(tokens[0].claims.at("aud"), "client");
    EXPECT_EQ(tokens[0].claims.at("iss"), url());
    const Json told = stream_status(id);
    EXPECT_EQ(told["madeByClient"], true);
    EXPECT_EQ(told["client"], "client");
    EXPECT_EQ(send("DELETE", std::string(streams) + "?stream_id=" + id).status, 204);
    EXPECT_EQ(read(id).status, 404);
    EXPECT_EQ(send("GET", streams).json, Json::array());
}

TEST_F(Signals, OnlyWhatIsRequestedIsTold) {
    const Json made = make(
        {{"delivery", {{"method", "urn:ietf:rfc:8936"}}},
         {"events_requested", {prov + "create:full", prov + "delete", "urn:example:unknown"}}}
    );
    const std::string id = id_of(made);
    EXPECT_EQ(made["events_delivered"], (Json{prov + "create:full", prov + "delete"}));
    EXPECT_EQ(made["events_requested"].size(), 3U);
    const std::string user = add_user("ada");
    patch("/Users/" + user, {{{"op", "replace"}, {"path", "title"}, {"value", "Boss"}}});
    EXPECT_EQ(tokens_of(id, 1).at(0).event(), "prov:create:full");
    EXPECT_EQ(send("DELETE", "/scim/v2/Users/" + user).status, 204);
    const auto tokens = tokens_of(id, 1);
    ASSERT_EQ(tokens.size(), 1U) << "who is gone cannot be told with values any more";
    EXPECT_EQ(tokens[0].event(), "prov:delete");
}

TEST_F(Signals, WhatIsRequestedChangesAndNamesOfTokensStay) {
    const std::string id = id_of(make());
    const std::string user = add_user("ada");
    patch("/Users/" + user, {{{"op", "replace"}, {"path", "active"}, {"value", false}}});
    std::string deactivated;
    for (const Token& token : tokens_of(id, 3)) {
        deactivated = token.event() == "prov:deactivate" ? token.id() : deactivated;
    }
    const FullAnswer changed =
        send("PATCH", streams, {{"stream_id", id}, {"events_requested", {prov + "deactivate"}}});
    EXPECT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(changed.json["events_delivered"], Json{prov + "deactivate"});
    const auto tokens = tokens_of(id, 1);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens[0].id(), deactivated);
    Json whole = changed.json;
    whole.erase("events_requested");
    whole["description"] = "replaced";
    whole.erase("events_delivered");
    const FullAnswer replaced = send("PUT", streams, whole);
    EXPECT_EQ(replaced.status, 200) << replaced.body;
    EXPECT_EQ(replaced.json["description"], "replaced");
    EXPECT_FALSE(replaced.json.contains("events_requested"));
    EXPECT_EQ(tokens_of(id, 3).size(), 3U);
    whole.erase("description");
    EXPECT_FALSE(send("PUT", streams, whole).json.contains("description"));
}

TEST_F(Signals, WhatTheTransmitterDecidesIsNotTheReceivers) {
    const Json made = make();
    for (const char* const name :
         {"iss", "aud", "events_supported", "events_delivered", "min_verification_interval",
          "inactivity_timeout"}) {
        const FullAnswer answer =
            send("PATCH", streams, {{"stream_id", id_of(made)}, {name, "other"}});
        EXPECT_EQ(answer.status, 400) << name;
        EXPECT_EQ(answer.json["field"], name);
    }
    EXPECT_EQ(send("PATCH", streams, made).status, 200) << "as it is";
}

TEST_F(Signals, PausedKeepsAndDisabledDrops) {
    const std::string id = id_of(make());
    EXPECT_EQ(status_of(id), "enabled");
    const FullAnswer paused = set_status(id, "paused");
    EXPECT_EQ(paused.status, 200);
    EXPECT_EQ(paused.json, (Json{{"stream_id", id}, {"status", "paused"}}));
    (void)add_user("ada");
    EXPECT_TRUE(poll(id, at_once).at("sets").empty());
    EXPECT_EQ(set_status(id, "enabled").json["status"], "enabled");
    EXPECT_EQ(tokens_of(id, 1).size(), 1U);
    EXPECT_EQ(set_status(id, "disabled").json["status"], "disabled");
    EXPECT_EQ(stream_status(id)["state"], "disabled");
    (void)add_user("bob");
    EXPECT_EQ(set_status(id, "enabled").status, 200);
    EXPECT_TRUE(poll(id, at_once).at("sets").empty()) << "bob and ada were dropped";
    const std::string cid = add_user("cid");
    const auto tokens = tokens_of(id, 1);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens[0].subject(), cid);
    EXPECT_EQ(set_status(id, "asleep").status, 400);
}

TEST_F(Signals, WhatTheOperatorPausedOnlyTheOperatorContinues) {
    const std::string id = id_of(make());
    stream({"pause", id});
    const FullAnswer told = send("GET", std::string(status_path) + "?stream_id=" + id);
    EXPECT_EQ(told.json["status"], "paused");
    EXPECT_NE(told.json.value("reason", "").find("operator"), std::string::npos);
    const FullAnswer refused = set_status(id, "enabled");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.json["code"], "paused_by_operator");
    stream({"resume", id});
    EXPECT_EQ(status_of(id), "enabled");
}

TEST_F(Signals, AVerificationComesDownTheStream) {
    const std::string id = id_of(make({{"events_requested", {prov + "delete"}}}));
    const Json body{{"stream_id", id}, {"state", "VGhpcyBpcw"}};
    EXPECT_EQ(send("POST", verification, body).status, 204);
    const auto tokens = tokens_of(id, 1);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(
        tokens[0].claims.at("events").begin().key(),
        "https://schemas.openid.net/secevent/ssf/event-type/verification"
    );
    EXPECT_EQ(tokens[0].payload().at("state"), "VGhpcyBpcw");
    EXPECT_EQ(tokens[0].claims.at("sub_id"), (Json{{"format", "opaque"}, {"id", id}}));
    const FullAnswer again = send("POST", verification, body);
    EXPECT_EQ(again.status, 429);
    EXPECT_EQ(again.headers.at("retry-after"), "5");
}

TEST_F(Signals, RightsOfTheClientBindTheStream) {
    const auto made = daemon_.command(
        {"--json", "client", "create", "--name", "narrow", "--scope", "users:read,events:read",
         "--no-read", "title"}
    );
    const std::string narrow = Json::parse(made.output).at("token");
    const std::string id = id_of(make({{"events_requested", {prov + "create:full"}}}, narrow));
    (void)add_group("Sales");
    (void)add_user("ada", {{"title", "Boss"}, {"nickName", "A"}});
    FullAnswer polled;
    wait_until("the token", std::chrono::seconds(30), [&] {
        polled = send("POST", std::string(streams) + "/" + id + "/poll", at_once, {}, narrow);
        return polled.json.is_object() && !polled.json.value("sets", Json::object()).empty();
    });
    std::vector<std::string> texts;
    for (const Json& text : polled.json.at("sets")) {
        texts.push_back(text);
    }
    const auto tokens = verify(texts);
    ASSERT_EQ(tokens.size(), 1U) << "no group";
    EXPECT_EQ(tokens[0].payload().at("data").at("nickName"), "A");
    EXPECT_FALSE(tokens[0].payload().at("data").contains("title"));
    EXPECT_EQ(daemon_.command({"client", "set", "narrow", "--scope", "users:read"}).exit_code, 0);
    const Json told = stream_status(id);
    EXPECT_EQ(told["state"], "paused") << "it may not read events any more";
    EXPECT_EQ(read(id, narrow).status, 403);
}

TEST_F(Signals, StreamsOfOthersAreNotThere) {
    const std::string id = id_of(make());
    const std::string other = make_token("other", "users:read,events:read");
    EXPECT_EQ(read(id, other).status, 404);
    EXPECT_EQ(send("GET", streams, nullptr, {}, other).json, Json::array());
    EXPECT_EQ(
        send("DELETE", std::string(streams) + "?stream_id=" + id, nullptr, {}, other).status, 404
    );
    EXPECT_EQ(send("PATCH", streams, {{"stream_id", id}}, {}, other).status, 404);
    EXPECT_EQ(send("POST", verification, {{"stream_id", id}}, {}, other).status, 404);
    const std::string scopeless = make_token("scopeless", "users:read");
    EXPECT_EQ(send("POST", streams, Json::object(), {}, scopeless).status, 403);
    const std::string blind = make_token("blind", "events:read");
    EXPECT_EQ(send("POST", streams, Json::object(), {}, blind).status, 403);
    EXPECT_EQ(send("GET", streams, nullptr, {}, "bsc_wrong").status, 401);
}

TEST_F(Signals, AStreamOfTheOperatorIsReadAndVerifiedOnly) {
    stream({"create", "--name", "feed", "--token", "client", "--full"});
    const Json all = send("GET", streams).json;
    ASSERT_EQ(all.size(), 1U);
    const std::string id = id_of(all[0]);
    EXPECT_EQ(all[0]["aud"], "feed");
    EXPECT_TRUE(lists(all[0]["events_delivered"], prov + "create:full"));
    EXPECT_EQ(status_of(id), "enabled");
    EXPECT_EQ(send("POST", verification, {{"stream_id", id}}).status, 204);
    EXPECT_EQ(set_status(id, "paused").status, 403);
    const FullAnswer refused = send("PATCH", streams, {{"stream_id", id}, {"description", "x"}});
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.json["code"], "operator_stream");
    EXPECT_EQ(send("DELETE", std::string(streams) + "?stream_id=" + id).status, 403);
}

TEST_F(Signals, WrongRequestsAreNamed) {
    const Json cases[] = {
        {{"delivery", "poll"}},
        {{"delivery", {{"method", "urn:ietf:rfc:1"}}}},
        {{"delivery", {{"method", "urn:ietf:rfc:8935"}}}},
        {{"events_requested", "all"}},
        {{"events_requested", {7}}},
        {{"description", 7}},
        {{"description", "two\nlines"}},
    };
    for (const Json& body : cases) {
        const FullAnswer answer = send("POST", streams, body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_NE(answer.json.value("field", ""), "") << body;
    }
    EXPECT_EQ(send("GET", status_path).status, 400);
    EXPECT_EQ(send("DELETE", streams).status, 400);
    EXPECT_EQ(send("PATCH", streams, Json::object()).status, 400);
    for (int i = 0; i < 5; ++i) {
        (void)make();
    }
    EXPECT_EQ(send("POST", streams, Json::object()).status, 409);
}

TEST_F(SignalsPushed, TokensArePushedWithTheReceiversAuthorization) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    const Json delivery{
        {"method", "urn:ietf:rfc:8935"},
        {"endpoint_url", receiver.url()},
        {"authorization_header", "Bearer of-the-receiver"}};
    const Json made = make({{"delivery", delivery}});
    const std::string id = id_of(made);
    EXPECT_EQ(made["delivery"]["endpoint_url"], receiver.url());
    EXPECT_FALSE(made["delivery"].contains("authorization_header"));
    (void)add_user("ada");
    receiver.wait_for(1);
    EXPECT_EQ(receiver.received()[0].at("authorization"), "Bearer of-the-receiver");
    daemon_.kill();
    daemon_.start();
    (void)add_user("bob");
    wait_until("bob's token", std::chrono::seconds(60), [&] {
        return receiver.received().size() >= 2;
    });
    EXPECT_EQ(receiver.received().back().at("authorization"), "Bearer of-the-receiver");
    for (const std::string& file :
         {daemon_.database(), daemon_.database() + "-wal", daemon_.log_file()}) {
        std::ifstream in(file, std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(in), {});
        EXPECT_EQ(text.find("of-the-receiver"), std::string::npos) << file;
    }
}

TEST_F(SignalsPushed, ItsReceiverChangesTheWayOfDelivery) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    const std::string id = id_of(make());
    const auto change = [&](const Json& delivery) {
        const FullAnswer answer =
            send("PATCH", streams, {{"stream_id", id}, {"delivery", delivery}});
        EXPECT_EQ(answer.status, 200) << answer.body;
    };
    change({{"method", "urn:ietf:rfc:8935"}, {"endpoint_url", receiver.url()}});
    EXPECT_EQ(send("POST", std::string(streams) + "/" + id + "/poll", at_once).status, 404);
    (void)add_user("ada");
    receiver.wait_for(1);
    EXPECT_EQ(receiver.received()[0].at("authorization"), nullptr);
    wait_until("the note of the delivery", std::chrono::seconds(60), [&] {
        return stream_status(id)["delivered"] == 1;
    });
    change({{"method", "urn:ietf:rfc:8936"}});
    const std::string bob = add_user("bob");
    const auto tokens = tokens_of(id, 1);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens[0].subject(), bob);
    EXPECT_EQ(receiver.received().size(), 1U);
    EXPECT_EQ(stream_status(id)["lastError"], "");
}

TEST_F(SignalsPushed, OtherHostsAreRefused) {
    const auto try_at = [&](const std::string& address) {
        return send(
            "POST", streams,
            {{"delivery", {{"method", "urn:ietf:rfc:8935"}, {"endpoint_url", address}}}}
        );
    };
    for (const char* const address :
         {"https://other.test/", "https://example.com/", "https://example.com.evil.test/",
          "https://evilexample.com/", "http://localhost:1/", "https://[::1]/",
          "https://169.254.169.254/"}) {
        const FullAnswer answer = try_at(address);
        EXPECT_EQ(answer.status, 403) << address;
        EXPECT_EQ(answer.json["code"], "receiver_not_allowed");
    }
    EXPECT_EQ(try_at("http://hr.example.com/").status, 400) << "not encrypted";
    EXPECT_EQ(try_at("https://u@hr.example.com/").status, 400);
    EXPECT_EQ(try_at("https://HR.example.com/events").status, 201);
}

}  // namespace
}  // namespace bascule::test
