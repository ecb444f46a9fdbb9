#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimPatch : public ScimServiceTest {};

TEST_F(ScimPatch, Check082_MessageNeedsSchemaAndOperations) {
    const std::string path = "/Users/" + add_user("ann");
    const Json operations{operation("replace", "title", "x")};
    EXPECT_EQ(
        send(http::Method::patch, path, Json({{"Operations", operations}}).dump()).scim_type(),
        "invalidSyntax"
    );
    EXPECT_EQ(patch(path, Json::array()).status, 400);
    EXPECT_EQ(
        send(
            http::Method::patch, path,
            Json({{"schemas", {patch_schema}}, {"operations", operations}}).dump()
        )
            .status,
        200
    );
}

TEST_F(ScimPatch, Check084_AllOrNothing) {
    const std::string path = "/Users/" + add_user("ann", {{"title", "x"}});
    const std::string before = get(path).text;
    const Answer answer = patch(
        path, {operation("replace", "title", "y"), operation("add", "nickName", "n"),
               operation("replace", "id", "z")}
    );
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(get(path).text, before);
}

TEST_F(ScimPatch, Check084_FailingMemberUndoesTheRename) {
    const std::string group = add_group("Sales", {add_user("ann")});
    const std::string before = get("/Groups/" + group).text;
    const auto records = journal().size();
    EXPECT_EQ(
        patch(
            "/Groups/" + group, {operation("replace", "displayName", "New"),
                                 operation("add", "members", references({unknown_id()}))}
        )
            .status,
        400
    );
    EXPECT_EQ(get("/Groups/" + group).text, before);
    EXPECT_EQ(journal().size(), records);
}

TEST_F(ScimPatch, Check085_OperationsSeeEarlierOnes) {
    const std::string path = "/Users/" + add_user("ann");
    const Answer answer = patch(
        path, {operation("add", "emails", Json::array({{{"value", "a@x"}, {"type", "work"}}})),
               operation("replace", "emails[type eq \"work\"].value", "b@x")}
    );
    EXPECT_EQ(answer.body["emails"][0]["value"], "b@x");
}

TEST_F(ScimPatch, Check087_To_091_Refusals) {
    const std::string path = "/Users/" + add_user("ann");
    const auto scim_type = [&](const Json& one) { return patch(path, Json{one}).scim_type(); };
    EXPECT_EQ(scim_type(operation("remove", "")), "noTarget");
    EXPECT_EQ(scim_type(operation("replace", "emails..value", "x")), "invalidPath");
    EXPECT_EQ(scim_type(operation("replace", "emails[type xx 1].value", "x")), "invalidFilter");
    EXPECT_EQ(scim_type(operation("replace", "meta.created", "x")), "mutability");
    EXPECT_EQ(
        scim_type(operation("replace", "emails[type eq \"work\"]", Json{{"value", "a"}})),
        "noTarget"
    );
    EXPECT_EQ(scim_type(operation("jump", "title", "x")), "invalidSyntax");
}

TEST_F(ScimPatch, Check092_RequiredAttributeCannotBeRemoved) {
    const std::string path = "/Users/" + add_user("ann");
    EXPECT_EQ(patch(path, Json{operation("remove", "userName")}).scim_type(), "mutability");
}

TEST_F(ScimPatch, Check093_EqualValueChangesNothing) {
    const std::string path = "/Users/" + add_user("ann", {{"title", "x"}});
    const Answer before = get(path);
    const auto records = journal().size();
    EXPECT_EQ(patch(path, Json{operation("replace", "title", "x")}).text, before.text);
    EXPECT_EQ(get(path).header("ETag"), before.header("ETag"));
    EXPECT_EQ(journal().size(), records);
}

TEST_F(ScimPatch, Check106_PathlessWithUrnAndDottedKeys) {
    const std::string path = "/Users/" + add_user("ann");
    const Answer answer = patch(
        path, Json{operation(
                  "replace", "",
                  {{"name.givenName", "Ann"},
                   {std::string(enterprise_schema) + ":department", "R&D"},
                   {"active", false}}
              )}
    );
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["name"]["givenName"], "Ann");
    EXPECT_EQ(answer.body[enterprise_schema]["department"], "R&D");
    EXPECT_EQ(answer.body["active"], false);
}

TEST_F(ScimPatch, Check111_And_112_ManagerAsTextAndRemoved) {
    const std::string boss = add_user("boss");
    const std::string path = "/Users/" + add_user("ann");
    const std::string manager = std::string(enterprise_schema) + ":manager";
    Answer answer = patch(path, Json{operation("add", manager, boss)});
    EXPECT_EQ(answer.body[enterprise_schema]["manager"]["value"], boss) << answer.text;
    EXPECT_EQ(last_record().activity, "Set user manager");
    const std::string other = add_user("other");
    answer = patch(path, Json{operation("replace", manager, Json{{"value", other}})});
    EXPECT_EQ(answer.body[enterprise_schema]["manager"]["value"], other) << answer.text;
    answer = patch(path, Json{operation("replace", manager, "")});
    EXPECT_FALSE(answer.body.contains(enterprise_schema)) << answer.text;
}

TEST_F(ScimPatch, Check112_ManagerMayBeFoundByFilter) {
    const std::string boss = add_user("boss");
    add_user("ann", {{enterprise_schema, {{"manager", {{"value", boss}}}}}});
    const Answer answer =
        get("/Users?filter=" + std::string(enterprise_schema) + ":manager.value%20eq%20%22" + boss +
            "%22");
    EXPECT_EQ(answer.body["totalResults"], 1) << answer.text;
}

TEST_F(ScimPatch, Check115_StatusPerType) {
    const std::string user = add_user("ann");
    const Answer changed = patch("/Users/" + user, Json{operation("replace", "title", "x")});
    EXPECT_EQ(changed.status, 200);
    EXPECT_FALSE(changed.header("ETag").empty());
    EXPECT_FALSE(changed.header("Location").empty());
    const std::string group = add_group("Sales");
    const Answer renamed =
        patch("/Groups/" + group, Json{operation("replace", "displayName", "New")});
    EXPECT_EQ(renamed.status, 204);
    EXPECT_TRUE(renamed.text.empty());
    EXPECT_EQ(renamed.header("ETag"), get("/Groups/" + group).header("ETag"));
    EXPECT_EQ(renamed.header("Location"), "https://id.example.com/scim/v2/Groups/" + group);
}

TEST_F(ScimPatch, Check116_GroupPatchShowsMembersOnlyWhenNamed) {
    const std::string ann = add_user("ann");
    const std::string group = "/Groups/" + add_group("Sales", {ann});
    const Json rename{operation("replace", "displayName", "New")};
    const Answer named = patch(group + "?attributes=members", rename);
    EXPECT_EQ(named.status, 200);
    EXPECT_EQ(named.body["members"].size(), 1);
    const Answer excluded = patch(group + "?excludedAttributes=externalId", rename);
    EXPECT_EQ(excluded.status, 200);
    EXPECT_FALSE(excluded.body.contains("members"));
}

TEST_F(ScimPatch, Check119_ThousandOperations) {
    const std::string group = add_group("Sales");
    Json operations = Json::array();
    for (int i = 0; i < 1000; ++i) {
        operations.push_back(operation("replace", "displayName", "Name " + std::to_string(i)));
    }
    EXPECT_EQ(patch("/Groups/" + group, operations).status, 204);
    EXPECT_EQ(get("/Groups/" + group).body["displayName"], "Name 999");
}

TEST_F(ScimPatch, Check119_TooManyOperationsNamesTheLimit) {
    Json operations = Json::array();
    for (int i = 0; i < 10'001; ++i) {
        operations.push_back(operation("replace", "displayName", "x"));
    }
    const Answer answer = patch("/Groups/" + add_group("Sales"), operations);
    EXPECT_EQ(answer.status, 413);
    EXPECT_NE(answer.detail().find("10000"), std::string::npos);
}

TEST_F(ScimPatch, Check118_ComputedAttributesAreReadOnly) {
    const std::string path = "/Users/" + add_user("ann");
    for (const char* name : {"meta", "id", "groups"}) {
        EXPECT_EQ(
            patch(
                path, Json{operation("replace", name, Json::array({{{"value", "x"}}}))}
            ).scim_type(),
            "mutability"
        ) << name;
    }
}

TEST_F(ScimPatch, PasswordIsSet) {
    const std::string id = add_user("ann");
    const Answer answer =
        patch("/Users/" + id, Json{operation("replace", "password", "correct horse battery")});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.text.find("correct"), std::string::npos);
    const auto details = last_record().details;
    ASSERT_FALSE(details.empty());
    EXPECT_EQ(details[0].second, "password");
    EXPECT_TRUE(signs_in("ann", "correct horse battery"));
}

TEST_F(ScimPatch, UserNameTakenIsUniqueness) {
    add_user("bob");
    const std::string path = "/Users/" + add_user("ann");
    EXPECT_EQ(patch(path, Json{operation("replace", "userName", "BOB")}).status, 409);
}

TEST_F(ScimPatch, UnknownIdIs404) {
    EXPECT_EQ(
        patch("/Users/" + unknown_id(), Json{operation("replace", "title", "x")}).status, 404
    );
}

}  // namespace
}  // namespace bascule::scim::tests
