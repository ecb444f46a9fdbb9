#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

constexpr const char* password = "Correct-Horse-7-Battery";

class ScimMe : public ScimServiceTest {
  protected:
    /// Headers of the session of a new local user.
    Headers sign_in(const std::string& user_name) {
        id_ = add_user(user_name, {{"password", password}, {"title", "Clerk"}});
        const Answer answer = send_raw(
            http::Method::post, "/api/v1/session",
            Json({{"userName", user_name}, {"password", password}}).dump(),
            {{"content-type", "application/json"}, {"x-bascule-request", "1"}}
        );
        EXPECT_EQ(answer.status, 200) << answer.text;
        const std::string cookie = answer.header("Set-Cookie");
        return {
            {"authorization", ""},
            {"cookie", cookie.substr(0, cookie.find(';'))},
            {"x-bascule-request", "1"},
            {"content-type", "application/json"}};
    }
    std::string id_;
};

TEST_F(ScimMe, SessionSeesItsUserAtThePermanentAddress) {
    const Headers session = sign_in("ann");
    const Answer me = get("/Me", session);
    EXPECT_EQ(me.status, 200) << me.text;
    EXPECT_EQ(me.body["userName"], "ann");
    EXPECT_EQ(me.body["id"], id_);
    EXPECT_FALSE(me.body.contains("password"));
    EXPECT_EQ(me.header("Location"), me.body["meta"]["location"]);
    EXPECT_NE(me.header("Location").find("/scim/v2/Users/" + id_), std::string::npos);
    EXPECT_EQ(me.header("ETag"), me.body["meta"]["version"]);
    const Answer part = get("/Me?attributes=title", session);
    EXPECT_EQ(part.body["title"], "Clerk");
    EXPECT_FALSE(part.body.contains("userName"));
}

TEST_F(ScimMe, SessionChangesWhatPeopleMayOfThemselves) {
    const Headers session = sign_in("ann");
    const Answer changed =
        patch("/Me", Json::array({operation("replace", "nickName", "Annie")}), session);
    EXPECT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(get("/Users/" + id_).body["nickName"], "Annie");
    const auto record = last_record();
    EXPECT_EQ(record.activity, "Update user");
    EXPECT_EQ(record.actor.kind, directory::ActorKind::user);
    Headers foreign = session;
    std::erase_if(foreign, [](const auto& header) { return header.first == "x-bascule-request"; });
    EXPECT_EQ(patch("/Me", Json::array({operation("remove", "nickName")}), foreign).status, 403)
        << "it could come from a foreign page";
}

TEST_F(ScimMe, SessionChangesNothingElse) {
    const Headers session = sign_in("ann");
    const std::string before = get("/Users/" + id_).text;
    EXPECT_EQ(
        patch("/Me", Json::array({operation("replace", "title", "Boss")}), session).status, 403
    );
    EXPECT_EQ(put("/Me", {{"schemas", {user_schema}}, {"userName", "x"}}, session).status, 403);
    EXPECT_EQ(remove("/Me", session).status, 403);
    EXPECT_NE(remove("/Me", session).detail().find("administrator"), std::string::npos);
    EXPECT_EQ(get("/Users/" + id_).text, before);
}

TEST_F(ScimMe, SessionReachesNothingElse) {
    const Headers session = sign_in("ann");
    EXPECT_EQ(get("/Users/" + id_, session).status, 401);
    EXPECT_EQ(get("/Users", session).status, 401);
}

TEST_F(ScimMe, ProgramsAndStrangersAreNobody) {
    EXPECT_EQ(get("/Me").status, 404);
    EXPECT_EQ(patch("/Me", Json::array({operation("replace", "title", "x")})).status, 404);
    authenticated_ = false;
    EXPECT_EQ(get("/Me").status, 401);
    EXPECT_EQ(get("/Me", {{"authorization", ""}}).status, 401);
}

TEST_F(ScimMe, Check149_OptionsAndHead) {
    const Answer options = send(http::Method::options, "/Me");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.header("Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    const Answer head = send(http::Method::head, "/Me", {}, sign_in("ann"));
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(head.text.empty());
}

}  // namespace
}  // namespace bascule::scim::tests
