#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimSynced : public ScimServiceTest {
  protected:
    void expect_refused(const Answer& answer) {
        EXPECT_EQ(answer.status, 400) << answer.text;
        EXPECT_EQ(answer.scim_type(), "mutability") << answer.text;
        EXPECT_NE(answer.detail().find("'corp'"), std::string::npos) << answer.text;
    }
};

TEST_F(ScimSynced, MasteredAttributeIsRefusedNamingSourceAndEntry) {
    const std::string id = add_synced_user("leo", {{"displayName", "Leo"}});
    const Answer answer = patch("/Users/" + id, Json{operation("replace", "displayName", "Other")});
    expect_refused(answer);
    EXPECT_NE(answer.detail().find("uid=leo,ou=people,dc=rig,dc=test"), std::string::npos);
    EXPECT_EQ(get("/Users/" + id).body["displayName"], "Leo");
    const auto record = last_record();
    EXPECT_EQ(record.outcome, directory::Outcome::refused);
    EXPECT_EQ(record.reason, "mutability");
    EXPECT_EQ(record.target->to_string(), id);
}

TEST_F(ScimSynced, EqualValueIsAccepted) {
    const std::string id = add_synced_user("leo", {{"displayName", "Leo"}});
    const std::string tag = get("/Users/" + id).header("ETag");
    EXPECT_EQ(patch("/Users/" + id, Json{operation("replace", "displayName", "Leo")}).status, 200);
    EXPECT_EQ(get("/Users/" + id).header("ETag"), tag);
}

TEST_F(ScimSynced, UnmappedAttributeIsKeptLocally) {
    const std::string id = add_synced_user("leo");
    const Answer answer = patch(
        "/Users/" + id, {operation("add", "nickName", "Lee"),
                         operation("add", std::string(enterprise_schema) + ":costCenter", "4711")}
    );
    EXPECT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(answer.body["nickName"], "Lee");
    const Json local = Json::parse(stored(id).local);
    EXPECT_EQ(local, Json({{"nickName", "Lee"}, {enterprise_schema, {{"costCenter", "4711"}}}}));
    EXPECT_EQ(get("/Users?filter=nickName%20eq%20%22lee%22").body["totalResults"], 1);
}

TEST_F(ScimSynced, RemovedLocalAttributeLeavesTheLocalPart) {
    const std::string id = add_synced_user("leo");
    patch("/Users/" + id, Json{operation("add", "nickName", "Lee")});
    patch("/Users/" + id, Json{operation("remove", "nickName")});
    EXPECT_TRUE(stored(id).local.empty());
}

TEST_F(ScimSynced, PutKeepsWhatTheSourceMasters) {
    const std::string id = add_synced_user(
        "leo", {{"displayName", "Leo"}, {enterprise_schema, {{"department", "R&D"}}}}
    );
    const Answer answer =
        put("/Users/" + id, {{"schemas", {user_schema}}, {"userName", "leo"}, {"title", "Chief"}});
    EXPECT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(answer.body["displayName"], "Leo");
    EXPECT_EQ(answer.body[enterprise_schema]["department"], "R&D");
    EXPECT_EQ(answer.body["title"], "Chief");
    const Answer cleared = put("/Users/" + id, {{"schemas", {user_schema}}, {"userName", "leo"}});
    EXPECT_FALSE(cleared.body.contains("title"));
}

TEST_F(ScimSynced, PutOfTheWholeResourceAsReadIsAccepted) {
    const std::string boss = add_synced_user("boss");
    const std::string id = add_synced_user("leo", {{"displayName", "Leo"}});
    add_group("Sales", {id});
    const Json whole = get("/Users/" + id).body;
    EXPECT_EQ(put("/Users/" + id, whole).body, whole);
}

TEST_F(ScimSynced, PutOfAnotherMasteredValueIsRefused) {
    const std::string id = add_synced_user("leo");
    expect_refused(put("/Users/" + id, {{"schemas", {user_schema}}, {"userName", "other"}}));
}

TEST_F(ScimSynced, ManagerIsMastered) {
    const std::string boss = add_user("boss");
    const std::string id = add_synced_user("leo");
    expect_refused(patch(
        "/Users/" + id, Json{operation("add", std::string(enterprise_schema) + ":manager", boss)}
    ));
}

TEST_F(ScimSynced, PasswordPointsToTheResetAction) {
    const std::string id = add_synced_user("leo");
    const Answer answer =
        patch("/Users/" + id, Json{operation("replace", "password", "correct horse battery")});
    expect_refused(answer);
    EXPECT_NE(answer.detail().find("/reset-password"), std::string::npos);
}

TEST_F(ScimSynced, MembersOfASyncedGroupAreRefused) {
    const std::string leo = add_synced_user("leo");
    const std::string ann = add_user("ann");
    const std::string group = add_synced_group("Sales EMEA", {leo});
    const std::string tag = get("/Groups/" + group).header("ETag");
    for (const Json& one :
         {operation("add", "members", references({ann})),
          operation("remove", "members", references({leo})),
          operation("replace", "members", references({ann})), operation("remove", "members")}) {
        const Answer answer = patch("/Groups/" + group, Json{one});
        expect_refused(answer);
        EXPECT_NE(answer.detail().find("Group 'Sales EMEA'"), std::string::npos);
        EXPECT_NE(answer.detail().find("cn=Sales EMEA"), std::string::npos);
    }
    EXPECT_EQ(members_of(group), std::vector<std::string>{leo});
    EXPECT_EQ(get("/Groups/" + group).header("ETag"), tag);
}

TEST_F(ScimSynced, PresentMemberOfASyncedGroupIsAccepted) {
    const std::string leo = add_synced_user("leo");
    const std::string group = add_synced_group("Sales", {leo});
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("add", "members", references({leo}))}).status, 204
    );
    EXPECT_EQ(put("/Groups/" + group, get("/Groups/" + group).body).status, 200);
    EXPECT_EQ(
        put("/Groups/" + group, {{"schemas", {group_schema}}, {"displayName", "Sales"}}).status, 200
    );
    EXPECT_EQ(members_of(group), std::vector<std::string>{leo});
}

TEST_F(ScimSynced, ClearingMasteredValuesByPutIsRefused) {
    const std::string leo = add_synced_user("leo", {{"displayName", "Leo"}});
    const std::string group = add_synced_group("Sales", {leo});
    Json body{{"schemas", {group_schema}}, {"displayName", "Sales"}, {"members", Json::array()}};
    expect_refused(put("/Groups/" + group, body));
    expect_refused(put(
        "/Users/" + leo, {{"schemas", {user_schema}}, {"userName", "leo"}, {"displayName", nullptr}}
    ));
    EXPECT_EQ(members_of(group), std::vector<std::string>{leo});
}

TEST_F(ScimSynced, LocalGroupTakesSyncedMembers) {
    const std::string leo = add_synced_user("leo");
    const std::string inner = add_synced_group("Inner");
    const std::string group = add_group("Local", {leo, inner});
    EXPECT_EQ(members_of(group).size(), 2);
}

TEST_F(ScimSynced, DeleteIsRefused) {
    const std::string leo = add_synced_user("leo");
    expect_refused(remove("/Users/" + leo));
    expect_refused(remove("/Groups/" + add_synced_group("Sales")));
    EXPECT_EQ(get("/Users/" + leo).status, 200);
    EXPECT_EQ(last_record().activity, "Delete group");
    EXPECT_EQ(last_record().outcome, directory::Outcome::refused);
}

TEST_F(ScimSynced, UserNameOfASyncedUserIsTaken) {
    add_synced_user("leo");
    EXPECT_EQ(post("/Users", {{"schemas", {user_schema}}, {"userName", "Leo"}}).status, 409);
}

}  // namespace
}  // namespace bascule::scim::tests
