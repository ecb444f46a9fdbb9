#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimHttp : public ScimServiceTest {};

TEST_F(ScimHttp, Check137_ErrorBodyIsComplete) {
    const Answer answer = get("/Users/" + unknown_id());
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.body["schemas"], Json{error_schema});
    EXPECT_EQ(answer.body["status"], "404");
    EXPECT_FALSE(answer.body.contains("scimType"));
    EXPECT_FALSE(answer.detail().empty());
}

TEST_F(ScimHttp, Check139_UnknownCallerIs401WithChallenge) {
    authenticated_ = false;
    const Answer answer = get("/Users");
    EXPECT_EQ(answer.status, 401);
    EXPECT_TRUE(answer.header("WWW-Authenticate").starts_with("Bearer"));
    EXPECT_EQ(answer.body["status"], "401");
    EXPECT_FALSE(answer.detail().empty());
}

TEST_F(ScimHttp, Check140_UnknownEndpointAndId) {
    for (const char* path : {"/Nothing", "/Users/a/b", "/Users/not-a-uuid", ""}) {
        if (*path == '\0') {
            continue;
        }
        const Answer answer = get(path);
        EXPECT_EQ(answer.status, 404) << path;
        EXPECT_EQ(answer.body["schemas"][0], error_schema);
    }
}

TEST_F(ScimHttp, Check140_WrongMethodIs405WithAllow) {
    const Answer answer = put("/Users", Json::object());
    EXPECT_EQ(answer.status, 405);
    EXPECT_EQ(answer.header("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(ScimHttp, Check141_ContentTypeHasNoParameter) {
    EXPECT_EQ(get("/Users").content_type, "application/scim+json");
    EXPECT_EQ(get("/ServiceProviderConfig").content_type, "application/scim+json");
    EXPECT_EQ(get("/Nothing").content_type, "application/scim+json");
}

TEST_F(ScimHttp, Check142_AcceptDecides) {
    for (const char* accept :
         {"application/scim+json", "application/json; charset=utf-8", "*/*",
          "text/html, application/scim+json;q=0.9"}) {
        EXPECT_EQ(get("/Users", {{"accept", accept}}).status, 200) << accept;
    }
    EXPECT_EQ(get("/Users", {{"accept", "text/html"}}).status, 406);
}

TEST_F(ScimHttp, Check142_ContentTypeDecides) {
    const Json user{{"schemas", {user_schema}}, {"userName", "ann"}};
    EXPECT_EQ(post("/Users", user, {{"content-type", "text/plain"}}).status, 415);
    EXPECT_EQ(
        post("/Users", user, {{"content-type", "application/json; charset=UTF-8"}}).status, 201
    );
}

TEST_F(ScimHttp, Check143_BadTextIsInvalidSyntax) {
    for (const std::string body :
         {"", "{", "[]", "{\"userName\":\"a\",\"userName\":\"b\"}", "{\"userName\":\"\xff\"}"}) {
        const Answer answer = send(http::Method::post, "/Users", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.scim_type(), "invalidSyntax") << body;
    }
}

TEST_F(ScimHttp, Check145_EntityTagIsMetaVersion) {
    const std::string id = add_user("ann");
    const Answer answer = get("/Users/" + id);
    EXPECT_EQ(answer.header("ETag"), answer.body["meta"]["version"]);
}

TEST_F(ScimHttp, Check145_IfMatchGuardsEveryWrite) {
    const std::string id = add_user("ann");
    const Headers wrong{{"if-match", "W/\"99\""}};
    const Json user{{"schemas", {user_schema}}, {"userName", "ann"}, {"title", "x"}};
    EXPECT_EQ(put("/Users/" + id, user, wrong).status, 412);
    EXPECT_EQ(patch("/Users/" + id, Json{operation("replace", "title", "x")}, wrong).status, 412);
    EXPECT_EQ(remove("/Users/" + id, wrong).status, 412);
    const std::string tag = get("/Users/" + id).header("ETag");
    EXPECT_EQ(
        patch(
            "/Users/" + id, Json{operation("replace", "title", "x")},
            {{"if-match", "\"0\", " + tag}}
        ).status,
        200
    );
    EXPECT_EQ(remove("/Users/" + id, {{"if-match", "*"}}).status, 204);
    EXPECT_EQ(remove("/Users/" + id, {{"if-match", "*"}}).status, 404);
}

TEST_F(ScimHttp, Check146_IfNoneMatchHitIs304WithoutBody) {
    const std::string id = add_user("ann");
    const std::string tag = get("/Users/" + id).header("ETag");
    const Answer hit = get("/Users/" + id, {{"if-none-match", tag}});
    EXPECT_EQ(hit.status, 304);
    EXPECT_TRUE(hit.text.empty());
    EXPECT_EQ(hit.header("ETag"), tag);
    EXPECT_EQ(get("/Users/" + id, {{"if-none-match", "W/\"77\""}}).status, 200);
}

TEST_F(ScimHttp, Check147_LocationIsBuiltFromThePublicAddress) {
    const std::string id = add_user("ann");
    EXPECT_EQ(
        get("/Users/" + id).body["meta"]["location"], "https://id.example.com/scim/v2/Users/" + id
    );
}

TEST_F(ScimHttp, Check148_UnknownVersionIs404) {
    EXPECT_EQ(send_raw(http::Method::get, "/scim/v3/Users").status, 404);
}

TEST_F(ScimHttp, UnknownQueryParametersAreIgnored) {
    const std::string id = add_user("ann");
    EXPECT_EQ(get("/Users/" + id + "?aadOptscim062020").status, 200);
    EXPECT_EQ(get("/Users?aadOptscim062020&count=1").status, 200);
}

TEST_F(ScimHttp, CompressedBodiesAreUnsupported) {
    EXPECT_EQ(post("/Users", Json::object(), {{"content-encoding", "gzip"}}).status, 415);
}

TEST_F(ScimHttp, Check149_OptionsListsMethods) {
    const Answer answer = send(http::Method::options, "/Users/" + unknown_id());
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.header("Allow"), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    EXPECT_TRUE(answer.text.empty());
}

TEST_F(ScimHttp, Check149_HeadMirrorsGet) {
    const std::string id = add_user("ann");
    const Answer answer = send(http::Method::head, "/Users/" + id);
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.header("ETag").empty());
}

TEST_F(ScimHttp, Check152_NothingRedirectsButBy307And308) {
    const std::string user = add_user("ann");
    const std::vector<std::string> endpoints{
        "/Users",
        "/Users/" + user,
        "/Users/.search",
        "/Groups",
        "/AdministrativeUnits",
        "/RoleAssignments",
        "/Applications",
        "/Me",
        "/Bulk",
        "/.search",
        "/Schemas",
        std::string("/Schemas/") + user_schema,
        "/ResourceTypes",
        "/ResourceTypes/User",
        "/ServiceProviderConfig",
        "/Nothing",
        ""};
    std::vector<std::string> paths{
        "/",
        "/scim",
        "/scim/",
        "/scim/v1/Users",
        "//scim/v2/Users",
        "/api",
        "/api/v1/staff",
        "/oauth2/token",
        "/.well-known",
        "/.well-known/jwks.json",
        "/index.html",
        "/events/v1/streams/x/poll"};
    for (const std::string& endpoint : endpoints) {
        for (const char* const before : {"/scim/v2", "/scim/v2/", "/scim//v2", "/SCIM/v2"}) {
            paths.push_back(before + endpoint);
            paths.push_back(before + endpoint + "/");
        }
    }
    for (const http::Method method :
         {http::Method::get, http::Method::post, http::Method::put, http::Method::patch,
          http::Method::delete_, http::Method::head, http::Method::options}) {
        for (const std::string& path : paths) {
            const Answer answer = send_raw(method, path);
            const bool other = answer.status == 300 || answer.status == 301 ||
                               answer.status == 302 || answer.status == 303 ||
                               answer.status == 305 || answer.status == 306;
            EXPECT_FALSE(other) << to_string(method) << " " << path << ": " << answer.status;
            EXPECT_NE(answer.status, 0) << to_string(method) << " " << path;
        }
    }
}

TEST_F(ScimHttp, Check163_ScopesArePerResourceType) {
    const std::string user = add_user("ann");
    const std::string group = add_group("Sales");
    scopes_ = {"users:read"};
    EXPECT_EQ(get("/Users/" + user).status, 200);
    EXPECT_EQ(remove("/Users/" + user).status, 403);
    EXPECT_EQ(get("/Groups/" + group).status, 403);
    EXPECT_EQ(get("/RoleAssignments").status, 403);
    EXPECT_EQ(post("/Groups/.search", {{"schemas", {search_schema}}}).status, 403);
    scopes_ = {"groups:write"};
    EXPECT_EQ(get("/Groups/" + group).status, 200);
    EXPECT_EQ(get("/Users/" + user).status, 403);
}

TEST_F(ScimHttp, Check163_RootSearchShowsReadableTypesOnly) {
    add_user("ann");
    add_group("Sales");
    scopes_ = {"users:read"};
    EXPECT_EQ(get("/").body["totalResults"], 1);
}

TEST_F(ScimHttp, ForbiddenWriteIsJournalledAsRefused) {
    const std::string user = add_user("ann");
    scopes_ = {"users:read"};
    EXPECT_EQ(remove("/Users/" + user).status, 403);
    const auto record = last_record();
    EXPECT_EQ(record.outcome, directory::Outcome::refused);
    EXPECT_EQ(record.reason, "insufficient_scope");
    EXPECT_EQ(record.activity, "Delete user");
    EXPECT_EQ(record.target_display, "ann");
}

}  // namespace
}  // namespace bascule::scim::tests
