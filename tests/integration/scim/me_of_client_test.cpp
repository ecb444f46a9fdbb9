// /Me of programs that act for a user, and what people may change of themselves.
#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimMeOfClient : public ScimServiceTest {
  protected:
    void SetUp() override {
        ann_ = add_user(
            "ann", {{"title", "Clerk"}, {"nickName", "Annie"}, {"name", {{"familyName", "Ash"}}}}
        );
    }
    /// From now on requests are those of a client that acts for ann.
    void act(std::vector<std::string> scopes, std::vector<std::string> options = {}) {
        scopes_ = std::move(scopes);
        options_ = std::move(options);
        options_.insert(options_.end(), {"--user", "ann"});
    }
    void as_operator() {
        scopes_ = {"users:write", "groups:write", "privileges:write", "admin:write"};
        options_ = {};
    }
    Answer rename(const std::string& name, Headers headers = {}) {
        return patch("/Me", Json{operation("replace", "nickName", name)}, std::move(headers));
    }
    std::string nick() {
        as_operator();
        return get("/Users/" + ann_).body.value("nickName", "");
    }
    std::string ann_;
};

TEST_F(ScimMeOfClient, ReadsItsUserAtThePermanentAddress) {
    act({"me:read"});
    const Answer me = get("/Me");
    EXPECT_EQ(me.status, 200) << me.text;
    EXPECT_EQ(me.body["id"], ann_);
    EXPECT_EQ(me.header("Location"), me.body["meta"]["location"]);
    EXPECT_NE(me.header("Location").find("/scim/v2/Users/" + ann_), std::string::npos);
    EXPECT_EQ(get("/Me", {{"if-none-match", me.header("ETag")}}).status, 304);
    EXPECT_FALSE(get("/Me?attributes=title").body.contains("nickName"));
    EXPECT_EQ(get("/Users/" + ann_).status, 403) << "it reads nobody else";
    EXPECT_EQ(get("/Users").status, 403);
    act({"users:read"});
    EXPECT_EQ(get("/Me").status, 200);
    act({"groups:read"});
    const Answer refused = get("/Me");
    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(refused.detail().find("me:read"), std::string::npos);
}

TEST_F(ScimMeOfClient, WithoutAUserThereIsNone) {
    scopes_ = {"me:write"};
    for (const Answer& answer : {get("/Me"), rename("x"), remove("/Me")}) {
        EXPECT_EQ(answer.status, 404);
        EXPECT_NE(answer.detail().find("--user"), std::string::npos);
    }
}

TEST_F(ScimMeOfClient, ChangesWhatPeopleMayOfThemselves) {
    act({"me:write"});
    const Answer changed = rename("Nan");
    EXPECT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.body["nickName"], "Nan");
    EXPECT_EQ(changed.header("Location"), get("/Me").header("Location"));
    Json whole = get("/Me").body;
    whole["nickName"] = "Nanny";
    whole["locale"] = "de-DE";
    const Answer replaced = put("/Me", whole);
    EXPECT_EQ(replaced.status, 200) << replaced.text;
    EXPECT_EQ(replaced.body["locale"], "de-DE");
    EXPECT_EQ(replaced.body["title"], "Clerk") << "what it may not write stays";
    EXPECT_EQ(rename("Late", {{"if-match", changed.header("ETag")}}).status, 412);
    EXPECT_EQ(rename("Dry", {{"prefer", "dry-run"}}).status, 200);
    EXPECT_EQ(nick(), "Nanny");
    const auto record = last_record();
    EXPECT_EQ(record.activity, "Update user");
    EXPECT_EQ(record.actor.kind, directory::ActorKind::token);
    EXPECT_EQ(record.target.value_or(Uuid{}).to_string(), ann_);
}

TEST_F(ScimMeOfClient, EverythingElseIsRefusedWithTheReason) {
    const std::string boss = add_user("boss");
    act({"me:write", "users:write", "privileges:write"});
    for (const Json& one :
         {operation("replace", "title", "Boss"), operation("replace", "active", false),
          operation("replace", "userName", "root"),
          operation("add", "roles", Json{{{"value", "chief"}}}),
          operation("replace", "name.familyName", "X"),
          operation("replace", "password", "Correct-Horse-7-Battery"),
          operation("replace", "externalId", "7"),
          operation("add", std::string(enterprise_schema) + ":manager", Json{{"value", boss}}),
          operation("remove", "emails")}) {
        const Answer answer = patch("/Me", Json{one});
        if (one["op"] == "remove") {
            EXPECT_EQ(answer.status, 200) << "it changes nothing";
            continue;
        }
        EXPECT_EQ(answer.status, 403) << one << answer.text;
        EXPECT_NE(answer.detail().find("self_service.account.attributes"), std::string::npos)
            << answer.text;
    }
    EXPECT_EQ(remove("/Me").status, 403);
    EXPECT_EQ(post("/Me", {{"schemas", {user_schema}}, {"userName", "x"}}).status, 403);
    const auto record = last_record();
    EXPECT_EQ(record.outcome, directory::Outcome::refused);
    EXPECT_EQ(record.reason, "read_only_profile");
}

TEST_F(ScimMeOfClient, NeedsTheScopeToWrite) {
    act({"me:read", "users:write"});
    const Answer answer = rename("Nan");
    EXPECT_EQ(answer.status, 403);
    EXPECT_NE(answer.detail().find("me:write"), std::string::npos);
    EXPECT_EQ(nick(), "Annie");
}

TEST_F(ScimMeOfClient, ItsOwnRulesBindToo) {
    act({"me:write"}, {"--no-read", "title", "--no-write", "nickName"});
    EXPECT_FALSE(get("/Me").body.contains("title"));
    const Answer answer = rename("Nan");
    EXPECT_EQ(answer.status, 403);
    EXPECT_NE(answer.detail().find("nickName"), std::string::npos);
    EXPECT_EQ(patch("/Me", Json{operation("replace", "locale", "de")}).status, 200);
}

TEST_F(ScimMeOfClient, EndsAtOnceWithItsUser) {
    act({"me:read", "groups:read"});
    EXPECT_EQ(get("/Me").status, 200);
    EXPECT_EQ(get("/Groups").status, 200);
    const auto set_active = [&](bool active) {
        as_operator();
        EXPECT_EQ(
            patch("/Users/" + ann_, Json{operation("replace", "active", active)}).status, 200
        );
        act({"me:read", "groups:read"});
    };
    set_active(false);
    EXPECT_EQ(get("/Me").status, 401);
    EXPECT_EQ(get("/Groups").status, 401);
    set_active(true);
    EXPECT_EQ(get("/Me").status, 200);
    as_operator();
    EXPECT_EQ(remove("/Users/" + ann_).status, 204);
    act({"me:read", "groups:read"});
    EXPECT_EQ(get("/Me").status, 401);
}

TEST_F(ScimMeOfClient, IsBoundToAUserThatThereIs) {
    const auto made = daemon_.command(
        {"client", "create", "--name", "lost", "--scope", "me:read", "--user", "nobody"}
    );
    EXPECT_NE(made.exit_code, 0);
    EXPECT_NE(made.output.find("nobody"), std::string::npos) << made.output;
    act({"me:read"});
    EXPECT_EQ(get("/Me").status, 200);
    Json clients = Json::parse(daemon_.command({"--json", "client", "list"}).output);
    std::string name;
    for (const Json& client : clients) {
        name = client["user"] == ann_ ? client.value("name", "") : name;
    }
    ASSERT_FALSE(name.empty()) << clients;
    EXPECT_EQ(daemon_.command({"client", "set", name, "--user", ""}).exit_code, 0);
    EXPECT_EQ(get("/Me").status, 404);
}

class OwnAttributes : public ScimServiceTest {
  protected:
    OwnAttributes() : ScimServiceTest("self_service: { account: { attributes: [] } }\n") {}
};

TEST_F(OwnAttributes, CanBeNone) {
    add_user("ann", {{"nickName", "Annie"}});
    scopes_ = {"me:write"};
    options_ = {"--user", "ann"};
    const Answer answer = patch("/Me", Json{operation("replace", "nickName", "Nan")});
    EXPECT_EQ(answer.status, 403);
    EXPECT_NE(answer.detail().find("self_service.account.attributes"), std::string::npos);
    EXPECT_EQ(get("/Me").body["nickName"], "Annie");
}

}  // namespace
}  // namespace bascule::scim::tests
