#include <sstream>

#include "client_rig.hpp"

namespace bascule::test {
namespace {

constexpr const char* everything = "users:write,groups:write,privileges:write,admin:write";

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

class Isolation : public ClientRig {
  protected:
    static void SetUpTestSuite() {
        daemon_ = new DaemonRig("log: { level: debug }\n");
        daemon_->start();
        token_ = client("all", everything);
    }
    static void TearDownTestSuite() { stop(); }
    static HttpAnswer ask(
        const std::string& method, const std::string& target, const Json& body = nullptr,
        HttpHeaders headers = {}
    ) {
        headers.emplace_back("Authorization", "Bearer " + token_);
        headers.emplace_back("Content-Type", "application/scim+json");
        return send(
            {method, target, std::move(headers), body.is_null() ? std::string() : body.dump()}
        );
    }
    static std::string create(const std::string& endpoint, const Json& body) {
        const HttpAnswer answer = ask("POST", "/scim/v2" + endpoint, body);
        EXPECT_EQ(answer.status, 201) << answer.body;
        return answer.json.value("id", "");
    }
    static inline std::string token_;
};

TEST_F(Isolation, Check162_ForeignIdsAreNotFoundOnEveryEndpoint) {
    const std::string user = create(
        "/Users", {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}}, {"userName", "ann"}}
    );
    const std::string group = create(
        "/Groups",
        {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:Group"}}, {"displayName", "Sales"}}
    );
    const std::string unit = create(
        "/AdministrativeUnits",
        {{"schemas", {"urn:bascule:params:scim:schemas:core:2.0:AdministrativeUnit"}},
         {"displayName", "Seattle"}}
    );
    std::string token;
    for (const Json& one : run_json({"token", "list"})) {
        token = one.value("id", "");
    }
    ASSERT_FALSE(token.empty());
    const std::vector<std::pair<std::string, std::string>> own{
        {"/Users", user}, {"/Groups", group}, {"/AdministrativeUnits", unit}};
    const std::vector<std::string> ids{
        user, group, unit, token, "01890000-0000-7000-8000-00000000dead", "1", "'%20or%201=1--"};
    const Json patch{
        {"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}},
        {"Operations", {{{"op", "replace"}, {"path", "displayName"}, {"value", "x"}}}}};
    for (const Json& type : ask("GET", "/scim/v2/ResourceTypes").json.at("Resources")) {
        const std::string endpoint = type.at("endpoint");
        const Json put{
            {"schemas", {type.at("schema")}},
            {"userName", "eve"},
            {"displayName", "Eve"},
            {"role", "User Administrator"}};
        for (const std::string& id : ids) {
            if (std::find(own.begin(), own.end(), std::pair(endpoint, id)) != own.end()) {
                continue;
            }
            const std::string target = "/scim/v2" + endpoint + "/" + id;
            EXPECT_EQ(ask("GET", target).status, 404) << target;
            EXPECT_EQ(ask("PATCH", target, patch).status, 404) << target;
            EXPECT_EQ(ask("DELETE", target).status, 404) << target;
            const int replaced = ask("PUT", target, put).status;
            EXPECT_TRUE(replaced == 404 || replaced == 400) << target << replaced;
        }
    }
    for (const auto& [endpoint, id] : own) {
        EXPECT_EQ(ask("GET", "/scim/v2" + endpoint + "/" + id).status, 200);
    }
    EXPECT_EQ(run_json({"token", "list"}).size(), 1U);
}

TEST_F(Isolation, Check162_InternalTypesHaveNoEndpointAndNoFilter) {
    for (const std::string endpoint : {"/Tokens", "/Sessions", "/Credentials", "/Unmapped"}) {
        EXPECT_EQ(ask("GET", "/scim/v2" + endpoint).status, 404) << endpoint;
    }
    const HttpAnswer all = ask("GET", "/scim/v2/?filter=meta.resourceType%20eq%20%22Token%22");
    EXPECT_EQ(all.json["totalResults"], 0) << all.body;
    EXPECT_EQ(ask("GET", "/scim/v2/?count=100").body.find("\"hash\""), std::string::npos);
}

TEST_F(Isolation, Check168_SecretsAndSearchesStayOutOfTheLog) {
    const std::string password = "Correct-Horse-9-Battery";
    create(
        "/Users", {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}},
                   {"userName", "carol"},
                   {"password", password}}
    );
    ask("GET", "/scim/v2/Users?filter=userName%20eq%20%22carol.findme%22&secretparameter=x",
        nullptr, {{"X-Request-Id", "r-168"}});
    ask("GET", "/scim/v2/Users?filter=userName%20eq%20broken.findme");
    EXPECT_EQ(get("/scim/v2/Users", "bsc_thisTokenIsWrong").status, 401);
    send(
        {"POST",
         "/api/v1/session",
         {{"Content-Type", "application/json"}, {"X-Bascule-Request", "1"}},
         Json{{"userName", "carol"}, {"password", password + "-wrong"}}.dump()}
    );
    send(
        {"POST",
         "/oauth2/token",
         {{"Content-Type", "application/x-www-form-urlencoded"}},
         "grant_type=client_credentials&client_id=all&client_secret=" + token_}
    );
    wait_until("the log of the requests", std::chrono::seconds(30), [&] {
        return contents(daemon_->log_file()).find("/oauth2/token") != std::string::npos;
    });
    const std::string log = contents(daemon_->log_file());
    for (const std::string& text :
         {token_, password, std::string("findme"), std::string("thisTokenIsWrong"),
          std::string("Bearer"), std::string("secretparameter"), std::string("client_secret")}) {
        EXPECT_EQ(log.find(text), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace bascule::test
