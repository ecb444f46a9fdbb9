// Requests that no client should send, and clients that get in each other's way, against the real
// program.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;

constexpr const char* group_schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
constexpr const char* user_schema = "urn:ietf:params:scim:schemas:core:2.0:User";

class Requests : public ::testing::Test {
  protected:
    void SetUp() override {
        directory_.load_ldif(directory_ldif(200, 3));
        directory_.start();
        daemon_.start();
        (void)daemon_.token();
    }
    /// The service still works and still says the truth.
    void expect_unharmed() {
        const HttpAnswer count = daemon_.request("GET", "/scim/v2/Users?count=0");
        EXPECT_EQ(count.status, 200);
        EXPECT_EQ(count.json.value("totalResults", 0), 200);
    }
    [[nodiscard]] std::string user_id(std::size_t number) const {
        return daemon_.find("/Users", "userName eq \"" + user_uid(number) + "\"").at("id");
    }
    static Json member_operation(const std::string& operation, const std::string& id) {
        const Json change{
            {"op", operation}, {"path", "members"}, {"value", Json::array({{{"value", id}}})}};
        return {
            {"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}},
            {"Operations", Json::array({change})}};
    }

    SlapdRig directory_;
    DaemonRig daemon_{directory_};
};

TEST_F(Requests, MalformedBodiesAreRefusedAndHarmNothing) {
    const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
    const std::vector<std::string> bodies{
        "",
        "{",
        "[]",
        "null",
        "{\"userName\":\"x\",}",
        "{\"userName\":\"a\",\"userName\":\"b\"}",
        "{\"schemas\":[\"" + std::string(user_schema) +
            "\"],\"userName\":\"x\\u0000y\",\"nickName\":" + deep + "}",
        deep,
        "{\"schemas\":[\"" + std::string(user_schema) + "\"],\"userName\":\"\xff\xfe\"}"};
    for (const std::string& body : bodies) {
        const HttpAnswer answer = daemon_.send("POST", "/scim/v2/Users", body);
        EXPECT_EQ(answer.status, 400) << body.substr(0, 60);
        EXPECT_EQ(answer.json.value("status", ""), "400") << body.substr(0, 60);
        EXPECT_FALSE(answer.json.value("detail", "").empty()) << body.substr(0, 60);
    }
    expect_unharmed();
}

TEST_F(Requests, OversizedOnesAreRefusedBeforeTheyCostAnything) {
    const std::string large = "{\"userName\":\"" + std::string(std::size_t{3} << 20, 'x') + "\"}";
    EXPECT_EQ(daemon_.send("POST", "/scim/v2/Users", large).status, 413);
    EXPECT_EQ(
        daemon_.request("GET", "/scim/v2/Users?filter=" + std::string(100'000, 'a')).status, 431
    );
    std::string filter = "/scim/v2/Users?filter=";
    for (int depth = 0; depth < 500; ++depth) {
        filter += "(";
    }
    EXPECT_EQ(daemon_.request("GET", filter + "userName%20pr").status, 400);
    expect_unharmed();
}

TEST_F(Requests, TwoClientsWhoChangeOneGroupBothSucceed) {
    const HttpAnswer group = daemon_.request(
        "POST", "/scim/v2/Groups", {{"schemas", {group_schema}}, {"displayName", "Shared"}}
    );
    ASSERT_EQ(group.status, 201) << group.body;
    const std::string path = "/scim/v2/Groups/" + group.json.at("id").get<std::string>();
    std::vector<std::string> ids;
    for (const Json& user : daemon_.all("/Users")) {
        ids.push_back(user.at("id"));
    }
    const auto add = [&](std::size_t first) {
        for (std::size_t at = first; at < ids.size(); at += 2) {
            EXPECT_EQ(daemon_.request("PATCH", path, member_operation("add", ids[at])).status, 204);
        }
    };
    std::thread even([&] { add(0); });
    std::thread odd([&] { add(1); });
    even.join();
    odd.join();
    std::set<std::string> members;
    const HttpAnswer shared = daemon_.request("GET", path);
    for (const Json& member : shared.json.at("members")) {
        members.insert(member.at("value"));
    }
    EXPECT_EQ(members, std::set<std::string>(ids.begin(), ids.end()));
}

TEST_F(Requests, NestedGroupsInACircleAreServed) {
    directory_.modify(
        "dn: " + group_dn("g0000") + "\nchangetype: modify\nadd: member\nmember: " +
        group_dn("g0001") + "\n\n" + "dn: " + group_dn("g0001") +
        "\nchangetype: modify\nadd: member\nmember: " + group_dn("g0000") + "\n"
    );
    const std::string id = user_id(0);
    std::set<std::string> names;
    wait_until("both groups of the circle", std::chrono::seconds(10), [&] {
        names.clear();
        const HttpAnswer user = daemon_.request("GET", "/scim/v2/Users/" + id);
        for (const Json& group : user.json.value("groups", Json::array())) {
            names.insert(group.at("display"));
        }
        return names.size() == 2;
    });
    EXPECT_EQ(names, (std::set<std::string>{"g0000", "g0001"}));
}

TEST_F(Requests, AWrongServicePasswordIsToldAndTheMirrorIsStillServed) {
    daemon_.stop();
    directory_.modify(
        "dn: " + SlapdRig::service_dn() +
        "\nchangetype: modify\nreplace: userPassword\nuserPassword: Another-Word-1\n"
    );
    daemon_.launch();
    wait_until("the refusal to be told", std::chrono::seconds(20), [&] {
        const Json status = daemon_.source_status();
        return status.is_object() &&
               status.dump().find("directory_credentials") != std::string::npos;
    });
    expect_unharmed();
}

}  // namespace
}  // namespace bascule::test
