#include "client_rig.hpp"

namespace bascule::test {
namespace {

class Limits : public ClientRig {
  protected:
    static void SetUpTestSuite() {
        daemon_ = new DaemonRig(
            "scim:\n  rate_classes:\n    - { name: default, writes: 1, burst: 10m }\n"
            "    - { name: slow, reads: 1, writes: 1, burst: 1s }\n"
        );
        daemon_->start();
    }
    static void TearDownTestSuite() { stop(); }
    static std::string metrics() {
        return HttpClient(daemon_->management_port()).send({"GET", "/metrics", {}, {}}).body;
    }
    /// Asks until it is refused; the limit of one a second is met long before the deadline.
    static HttpAnswer ask_until_refused(const HttpRequest& request) {
        HttpAnswer answer;
        wait_until("a refusal", std::chrono::seconds(30), [&] {
            answer = send(request);
            return answer.status == 429;
        });
        return answer;
    }
    static HttpRequest request(
        const std::string& method, const std::string& target, const std::string& token,
        const Json& body = nullptr
    ) {
        return {
            method,
            target,
            {{"Authorization", "Bearer " + token}, {"Content-Type", "application/scim+json"}},
            body.is_null() ? std::string() : body.dump()};
    }
};

TEST_F(Limits, Check151_RefusalsTellWhenToComeBack) {
    const std::string token = client("slow", "users:write", {"--rate-class", "slow"});
    const HttpAnswer refused = ask_until_refused(request("GET", "/scim/v2/Users?count=0", token));
    EXPECT_EQ(refused.header("Retry-After"), "1");
    EXPECT_EQ(refused.json["status"], "429");
    EXPECT_EQ(refused.json["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
    EXPECT_NE(refused.json.value("detail", "").find("class slow"), std::string::npos);
    EXPECT_EQ(refused.header("Content-Type"), "application/scim+json");
    EXPECT_NE(
        metrics().find("bascule_rate_limited_requests_total{class=\"slow\",kind=\"read\"}"),
        std::string::npos
    ) << metrics();
    wait_until("the client's turn", std::chrono::seconds(30), [&] {
        return send(request("GET", "/scim/v2/Users?count=0", token)).status == 200;
    });
}

TEST_F(Limits, Check151_ReadsAndWritesHaveLimitsOfTheirOwn) {
    const std::string token = client("both", "users:write", {"--rate-class", "slow"});
    const Json user{
        {"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}}, {"userName", "ann"}};
    (void)ask_until_refused(request("POST", "/scim/v2/Users", token, user));
    const Json search{
        {"schemas", {"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}, {"count", 0}};
    EXPECT_EQ(send(request("POST", "/scim/v2/Users/.search", token, search)).status, 200);
}

TEST_F(Limits, Check151_ClientsDoNotUseUpEachOthersLimits) {
    const std::string one = client("one", "users:read", {"--rate-class", "slow"});
    const std::string two = client("two", "users:read", {"--rate-class", "slow"});
    (void)ask_until_refused(request("GET", "/scim/v2/Users?count=0", one));
    EXPECT_EQ(send(request("GET", "/scim/v2/Users?count=0", two)).status, 200);
}

TEST_F(Limits, Check151_ClientsWithoutAClassHaveTheDefaultOne) {
    const std::string token = client("plain", "users:read");
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(send(request("GET", "/scim/v2/Users?count=0", token)).status, 200) << i;
    }
}

TEST_F(Limits, Check167_HostileRequestsAreRefusedAndTheServiceGoesOn) {
    const std::string token = client("hostile", "users:write");
    const auto status = [&](const std::string& method, const std::string& target,
                            const std::string& body, HttpHeaders more = {}) {
        more.emplace_back("Authorization", "Bearer " + token);
        more.emplace_back("Content-Type", "application/scim+json");
        return send({method, target, std::move(more), body}).status;
    };
    const std::string users = "/scim/v2/Users";
    EXPECT_EQ(status("POST", users, std::string(100'000, '[')), 400);
    EXPECT_EQ(status("POST", users, "{\"a\":" + std::string(20'000, '{')), 400);
    EXPECT_EQ(status("POST", users, std::string(std::size_t{2} << 20, 'x')), 413);
    EXPECT_EQ(status("GET", users, "", {{"X-Long", std::string(40'000, 'x')}}), 431);
    const auto too_long = status("GET", users + "?filter=" + std::string(40'000, 'x'), "");
    EXPECT_TRUE(too_long == 414 || too_long == 431) << too_long;
    std::string deep;
    for (int i = 0; i < 3000; ++i) {
        deep += "not(";
    }
    EXPECT_EQ(status("GET", users + "?filter=" + deep, ""), 400);
    EXPECT_EQ(status("GET", users + "?filter=userName%20eq%20%22%ff%22", ""), 400);
    EXPECT_EQ(status("GET", users + "/" + std::string(5000, 'a'), ""), 404);
    EXPECT_EQ(status("GET", users + "?count=0", ""), 200);
}

}  // namespace
}  // namespace bascule::test
