#include "tests/integration/scim/scim_fixture.hpp"

#include <thread>

namespace bascule::scim::tests {
namespace {

class ScimCreate : public ScimServiceTest {
  protected:
    Json user(const std::string& name) { return {{"schemas", {user_schema}}, {"userName", name}}; }
};

TEST_F(ScimCreate, Check056_CreatedWithLocationAndTag) {
    const Answer answer = post("/Users", user("ann"));
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.header("Location"), answer.body["meta"]["location"]);
    EXPECT_EQ(answer.header("ETag"), answer.body["meta"]["version"]);
    const std::string location = answer.header("Location");
    const std::string path = location.substr(location.find("/Users/"));
    EXPECT_EQ(get(path).body, answer.body);
}

TEST_F(ScimCreate, Check057_ClientValuesOfReadOnlyAttributesAreIgnored) {
    Json body = user("ann");
    body["id"] = "mine";
    body["meta"] = {{"resourceType", "Group"}, {"created", "2001-01-01T00:00:00Z"}};
    body["groups"] = Json::array();
    const Answer answer = post("/Users", body);
    EXPECT_EQ(answer.status, 201);
    EXPECT_NE(answer.body["id"], "mine");
    EXPECT_EQ(answer.body["meta"]["resourceType"], "User");
    EXPECT_NE(answer.body["meta"]["created"], "2001-01-01T00:00:00Z");
}

TEST_F(ScimCreate, Check058_ExternalIdNeverBecomesTheId) {
    const std::string first = add_user("ann");
    Json body = user("bob");
    body["externalId"] = first;
    const Answer answer = post("/Users", body);
    EXPECT_NE(answer.body["id"], first);
    EXPECT_EQ(get("/Users/" + first).body["userName"], "ann");
    body = user("cy");
    body["externalId"] = "1";
    EXPECT_EQ(post("/Users", body).status, 201);
    EXPECT_EQ(get("/Users/1").status, 404);
}

TEST_F(ScimCreate, Check059_MissingRequiredAttribute) {
    const Answer answer = post("/Users", {{"schemas", {user_schema}}});
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.scim_type(), "invalidValue");
}

TEST_F(ScimCreate, Check060_UserNameIsTakenWithoutCase) {
    add_user("ann");
    const Answer answer = post("/Users", user("ANN"));
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.scim_type(), "uniqueness");
    EXPECT_EQ(get("/Users").body["totalResults"], 1);
}

TEST_F(ScimCreate, Check060_OneOfManyConcurrentCreatesWins) {
    std::atomic<int> created{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            const int status = post("/Users", user("ann")).status;
            (status == 201 ? created : refused) += 1;
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(created, 1);
    EXPECT_EQ(refused, 7);
}

TEST_F(ScimCreate, Check061_ExternalIdsMayRepeat) {
    Json body = user("ann");
    body["externalId"] = "x";
    EXPECT_EQ(post("/Users", body).status, 201);
    body["userName"] = "bob";
    EXPECT_EQ(post("/Users", body).status, 201);
}

TEST_F(ScimCreate, PasswordAgainstTheRulesIsInvalid) {
    Json body = user("longer-name");
    for (const char* password : {"short", "my longer-name 1"}) {
        body["password"] = password;
        const Answer answer = post("/Users", body);
        EXPECT_EQ(answer.status, 400) << password;
        EXPECT_EQ(answer.scim_type(), "invalidValue");
        EXPECT_NE(answer.detail().find("The password "), std::string::npos) << answer.detail();
    }
    const std::string id = add_user("longer-name");
    const Answer patched =
        patch("/Users/" + id, Json{operation("replace", "password", "elevenchars")});
    EXPECT_EQ(patched.status, 400);
    EXPECT_EQ(patched.scim_type(), "invalidValue");
    EXPECT_NE(patched.detail().find("at least 12 characters"), std::string::npos);
    const Answer replaced = put("/Users/" + id, body);
    EXPECT_EQ(replaced.status, 400);
    EXPECT_EQ(replaced.scim_type(), "invalidValue");
}

TEST_F(ScimCreate, Check072_PasswordIsHashedAndNeverReturned) {
    Json body = user("ann");
    body["password"] = "correct horse battery";
    const Answer answer = post("/Users", body);
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.text.find("correct horse"), std::string::npos);
    EXPECT_TRUE(signs_in("ann", "correct horse battery"));
    EXPECT_FALSE(signs_in("ann", "something else"));
    for (const auto& record : journal()) {
        for (const auto& [name, value] : record.details) {
            EXPECT_EQ(value.find("correct horse"), std::string::npos);
        }
    }
}

TEST_F(ScimCreate, Check114_UnknownMembersAreNamedAndNothingIsCreated) {
    const Answer answer = post(
        "/Groups", {{"schemas", {group_schema}},
                    {"displayName", "Sales"},
                    {"members", references({unknown_id()})}}
    );
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.scim_type(), "invalidValue");
    EXPECT_NE(answer.detail().find(unknown_id()), std::string::npos);
    EXPECT_EQ(get("/Groups").body["totalResults"], 0);
}

TEST_F(ScimCreate, Check166_CreationIsJournalled) {
    const std::string id = add_user("ann");
    const auto record = last_record();
    EXPECT_EQ(record.activity, "Add user");
    EXPECT_EQ(record.origin, "SCIM");
    EXPECT_EQ(record.actor.name, "entra");
    EXPECT_EQ(record.outcome, directory::Outcome::success);
    EXPECT_EQ(record.target->to_string(), id);
    EXPECT_EQ(record.target_type, "User");
    EXPECT_EQ(record.target_display, "ann");
    EXPECT_EQ(record.source_address, "192.0.2.7");
    EXPECT_EQ(record.request_id, "request-1");
}

TEST_F(ScimCreate, ManagerIsShownWithNameAndAddress) {
    const std::string boss = add_user("boss", {{"displayName", "The Boss"}});
    const std::string id = add_user("ann", {{enterprise_schema, {{"manager", {{"value", boss}}}}}});
    const Json manager = get("/Users/" + id).body[enterprise_schema]["manager"];
    EXPECT_EQ(manager["value"], boss);
    EXPECT_EQ(manager["displayName"], "The Boss");
    EXPECT_EQ(manager["$ref"], "https://id.example.com/scim/v2/Users/" + boss);
}

TEST_F(ScimCreate, ManagerMustBeAUser) {
    const std::string group = add_group("Sales");
    Json body = user("ann");
    body["schemas"].push_back(enterprise_schema);
    body[enterprise_schema] = {{"manager", {{"value", group}}}};
    EXPECT_EQ(post("/Users", body).scim_type(), "invalidValue");
}

}  // namespace
}  // namespace bascule::scim::tests
