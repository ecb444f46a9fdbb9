#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimReplace : public ScimServiceTest {
  protected:
    Json user(const std::string& name) { return {{"schemas", {user_schema}}, {"userName", name}}; }
};

TEST_F(ScimReplace, Check073_NeverCreates) {
    EXPECT_EQ(put("/Users/" + unknown_id(), user("ann")).status, 404);
    const std::string group = add_group("Sales");
    EXPECT_EQ(put("/Users/" + group, user("ann")).status, 404);
}

TEST_F(ScimReplace, Check074_ImmutableValueMustStay) {
    const Answer created = post(
        "/AdministrativeUnits",
        {{"schemas", {unit_schema}}, {"displayName", "Seattle"}, {"restricted", true}}
    );
    const std::string path = "/AdministrativeUnits/" + created.body["id"].get<std::string>();
    const Answer changed =
        put(path, {{"schemas", {unit_schema}}, {"displayName", "Seattle"}, {"restricted", false}});
    EXPECT_EQ(changed.status, 400);
    EXPECT_EQ(changed.scim_type(), "mutability");
    EXPECT_EQ(
        put(path, {{"schemas", {unit_schema}}, {"displayName", "North"}, {"restricted", true}}
        ).status,
        200
    );
    EXPECT_EQ(
        put(path, {{"schemas", {unit_schema}}, {"displayName", "South"}}).body["restricted"], true
    );
}

TEST_F(ScimReplace, Check075_OmittedValuesAreClearedExceptActiveAndPassword) {
    const std::string id =
        add_user("ann", {{"title", "x"}, {"active", false}, {"password", "correct horse battery"}});
    const Answer answer = put("/Users/" + id, user("ann"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.body.contains("title"));
    EXPECT_EQ(answer.body["active"], false);
    patch("/Users/" + id, Json{operation("replace", "active", true)});
    EXPECT_TRUE(signs_in("ann", "correct horse battery"));
}

TEST_F(ScimReplace, Check076_NullAndEmptyArrayClear) {
    const std::string id = add_user("ann", {{"title", "x"}, {"emails", {{{"value", "a@x"}}}}});
    Json body = user("ann");
    body["title"] = nullptr;
    body["emails"] = Json::array();
    const Answer answer = put("/Users/" + id, body);
    EXPECT_FALSE(answer.body.contains("title"));
    EXPECT_FALSE(answer.body.contains("emails"));
}

TEST_F(ScimReplace, Check077_RequiredAttributeOmitted) {
    const std::string id = add_user("ann");
    EXPECT_EQ(put("/Users/" + id, {{"schemas", {user_schema}}}).scim_type(), "invalidValue");
}

TEST_F(ScimReplace, Check078_VersionMovesOnlyWithAChange) {
    const std::string id = add_user("ann", {{"title", "x"}});
    const Json before = get("/Users/" + id).body;
    Json same = before;
    const Answer unchanged = put("/Users/" + id, same);
    EXPECT_EQ(unchanged.status, 200);
    EXPECT_EQ(unchanged.body, before);
    same["title"] = "y";
    const Json after = put("/Users/" + id, same).body;
    EXPECT_EQ(after["meta"]["created"], before["meta"]["created"]);
    EXPECT_NE(after["meta"]["lastModified"], before["meta"]["lastModified"]);
    EXPECT_NE(after["meta"]["version"], before["meta"]["version"]);
}

TEST_F(ScimReplace, UnchangedPutIsNotJournalled) {
    const std::string id = add_user("ann", {{"title", "x"}});
    const auto records = journal().size();
    put("/Users/" + id, get("/Users/" + id).body);
    EXPECT_EQ(journal().size(), records);
}

TEST_F(ScimReplace, Check079_MembersBecomeWhatTheBodySays) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string group = add_group("Sales", {ann});
    put("/Groups/" + group,
        {{"schemas", {group_schema}}, {"displayName", "Sales"}, {"members", references({bob})}});
    EXPECT_EQ(members_of(group), std::vector<std::string>{bob});
    put("/Groups/" + group, {{"schemas", {group_schema}}, {"displayName", "Sales"}});
    EXPECT_TRUE(members_of(group).empty());
}

TEST_F(ScimReplace, Check080_UserNameTaken) {
    add_user("bob");
    const std::string id = add_user("ann");
    const Answer answer = put("/Users/" + id, user("Bob"));
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.scim_type(), "uniqueness");
    EXPECT_EQ(get("/Users/" + id).body["userName"], "ann");
}

TEST_F(ScimReplace, JournalNamesAttributesNotValues) {
    const std::string id = add_user("ann");
    Json body = user("ann");
    body["title"] = "Confidential title";
    put("/Users/" + id, body);
    const auto record = last_record();
    EXPECT_EQ(record.activity, "Update user");
    ASSERT_EQ(record.details.size(), 3);
    EXPECT_EQ(record.details[0], (std::pair<std::string, std::string>{"method", "PUT"}));
    EXPECT_EQ(record.details[1], (std::pair<std::string, std::string>{"attributes", "title"}));
}

}  // namespace
}  // namespace bascule::scim::tests
