#include "tests/integration/scim/profile_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimPatchRules : public ScimProfileTest {
  protected:
    static Json mail(const std::string& value, const std::string& type) {
        return {{"value", value}, {"type", type}};
    }
    const Json work_ = {{"emails", {{{"value", "a@x"}, {"type", "work"}}}}};
};

TEST_F(ScimPatchRules, PathMayBeLeftOut) {
    const Json one = operation("replace", "", {{"title", "x"}});
    EXPECT_EQ(patch_fresh({}, one).body["title"], "x");
    use("patch_without_path-refuse");
    const Answer refused = patch_fresh({}, one);
    EXPECT_EQ(refused.scim_type(), "invalidSyntax");
    EXPECT_TRUE(names_switch(refused, "patch_without_path-refuse", "patch_without_path"));
}

TEST_F(ScimPatchRules, Check083_OpInAnyCaseOrLowerOnly) {
    for (const char* op : {"Add", "REPLACE", "add"}) {
        EXPECT_EQ(patch_fresh({}, operation(op, "title", "x")).status, 200) << op;
    }
    EXPECT_EQ(patch_fresh({}, operation("merge", "title", "x")).scim_type(), "invalidSyntax");
    use("operation_case-refuse");
    EXPECT_EQ(patch_fresh({}, operation("add", "title", "x")).status, 200);
    const Answer refused = patch_fresh({}, operation("Add", "title", "x"));
    EXPECT_EQ(refused.scim_type(), "invalidSyntax");
    EXPECT_TRUE(names_switch(refused, "operation_case-refuse", "operation_case"));
}

TEST_F(ScimPatchRules, Check086_AddAndReplaceNeedAValue) {
    for (const char* op : {"add", "replace"}) {
        EXPECT_EQ(patch_fresh({}, operation(op, "title")).scim_type(), "invalidValue") << op;
    }
}

TEST_F(ScimPatchRules, Check088_MalformedPathAndFilter) {
    EXPECT_EQ(patch_fresh({}, operation("add", "title]", "x")).scim_type(), "invalidPath");
    EXPECT_EQ(
        patch_fresh({}, operation("add", "emails[type eq].value", "x")).scim_type(), "invalidFilter"
    );
}

TEST_F(ScimPatchRules, Check089_UnknownPathIsLeftOutOrRefused) {
    const Json unknown[] = {
        operation("add", "shoeSize", "44"), operation("replace", "name.petName", "x"),
        operation("add", "emails[type eq \"work\"].colour", "x")};
    for (const Json& one : unknown) {
        EXPECT_EQ(patch_fresh({}, one).status, 200) << one;
    }
    use("unknown_path-refuse");
    for (const Json& one : unknown) {
        const Answer refused = patch_fresh({}, one);
        EXPECT_EQ(refused.scim_type(), "invalidPath") << one;
        EXPECT_TRUE(names_switch(refused, "unknown_path-refuse", "unknown_path"));
    }
}

TEST_F(ScimPatchRules, Check090_ReadOnlyOnlyWhenUnchanged) {
    const std::string id = add_user("ann");
    const std::string path = "/Users/" + id;
    EXPECT_EQ(
        patch(path, Json{operation("replace", "", {{"id", id}, {"title", "x"}})}).status, 200
    );
    EXPECT_EQ(
        patch(path, Json{operation("replace", "", {{"id", "other"}})}).scim_type(), "mutability"
    );
}

TEST_F(ScimPatchRules, Check091_ImmutablePartsOfMembers) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string group = add_group("Sales", {ann});
    const std::string path = "members[value eq \"" + ann + "\"].value";
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("replace", path, bob)}).scim_type(), "mutability"
    );
    EXPECT_EQ(members_of(group), std::vector<std::string>{ann});
}

TEST_F(ScimPatchRules, Check094_AddToAComplexValueMerges) {
    const Answer answer = patch_fresh(
        {{"name", {{"givenName", "Ann"}}}}, operation("add", "name", {{"familyName", "Lee"}})
    );
    EXPECT_EQ(answer.body["name"], (Json{{"givenName", "Ann"}, {"familyName", "Lee"}}));
}

TEST_F(ScimPatchRules, Check096_ObjectForAListAndListForAnObject) {
    EXPECT_EQ(patch_fresh({}, operation("add", "emails", mail("a@x", "work"))).status, 200);
    const Answer managed = patch_fresh(
        {}, operation(
                "add", std::string(enterprise_schema) + ":manager",
                Json::array({{{"value", add_user("boss")}}})
            )
    );
    EXPECT_EQ(managed.status, 200);
    EXPECT_TRUE(managed.body[enterprise_schema].contains("manager"));
}

TEST_F(ScimPatchRules, Check098_ReplaceOfNothingAdds) {
    EXPECT_EQ(patch_fresh({}, operation("replace", "title", "x")).body["title"], "x");
}

TEST_F(ScimPatchRules, Check099_ReplaceOfAComplexValue) {
    const Json name{{"name", {{"givenName", "Ann"}, {"familyName", "Lee"}}}};
    const Json one = operation("replace", "name", {{"familyName", "Fox"}});
    EXPECT_EQ(
        patch_fresh(name, one).body["name"], (Json{{"givenName", "Ann"}, {"familyName", "Fox"}})
    );
    use("complex_replace-whole");
    EXPECT_EQ(patch_fresh(name, one).body["name"], (Json{{"familyName", "Fox"}}));
    EXPECT_EQ(
        patch_fresh(name, operation("add", "name", {{"familyName", "Fox"}})).body["name"],
        (Json{{"givenName", "Ann"}, {"familyName", "Fox"}})
    );
}

TEST_F(ScimPatchRules, Check100_ReplaceWithAFilter) {
    const Json home{{"emails", {mail("a@x", "work"), mail("b@x", "home"), mail("c@x", "home")}}};
    const Answer both =
        patch_fresh(home, operation("replace", "emails[type eq \"home\"].display", "Home"));
    EXPECT_FALSE(both.body["emails"][0].contains("display"));
    EXPECT_EQ(both.body["emails"][1]["display"], "Home");
    EXPECT_EQ(both.body["emails"][2]["display"], "Home");
}

TEST_F(ScimPatchRules, Check100_ReplaceWithoutAMatchFailsOrCreates) {
    const Json one = operation("replace", "emails[type eq \"work\"].value", "a@x");
    const Answer refused = patch_fresh({}, one);
    EXPECT_EQ(refused.scim_type(), "noTarget");
    EXPECT_TRUE(names_switch(refused, "lenient", "unmatched_replace"));
    use("unmatched_replace-create");
    EXPECT_EQ(patch_fresh({}, one).body["emails"], Json{mail("a@x", "work")});
    const Json vague = operation("replace", "emails[type ne \"work\"].value", "a@x");
    EXPECT_EQ(patch_fresh({}, vague).scim_type(), "noTarget");
}

TEST_F(ScimPatchRules, Check101_AddWithAFilterCreatesWhenItIsPlain) {
    const auto added = [&](const std::string& filter) {
        return patch_fresh({}, operation("add", "emails[" + filter + "].value", "a@x"));
    };
    EXPECT_EQ(added("type eq \"work\"").body["emails"], Json{mail("a@x", "work")});
    for (const char* filter :
         {"type eq \"work\" or type eq \"home\"", "not (type eq \"work\")", "type sw \"w\""}) {
        EXPECT_EQ(added(filter).scim_type(), "noTarget") << filter;
    }
}

TEST_F(ScimPatchRules, Check103_RemovalWithoutAMatch) {
    const Json one = operation("remove", "emails[type eq \"home\"]");
    EXPECT_EQ(patch_fresh(work_, one).status, 200);
    use("unmatched_remove-refuse");
    const Answer refused = patch_fresh(work_, one);
    EXPECT_EQ(refused.scim_type(), "noTarget");
    EXPECT_TRUE(names_switch(refused, "unmatched_remove-refuse", "unmatched_remove"));
}

TEST_F(ScimPatchRules, Check104_RemovalByList) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string group = add_group("Sales", {ann, bob});
    const Json one = operation("remove", "members", references({ann}));
    use("remove_by_list-refuse");
    EXPECT_TRUE(names_switch(
        patch("/Groups/" + group, Json{one}), "remove_by_list-refuse", "remove_by_list"
    ));
    EXPECT_EQ(members_of(group).size(), 2U);
    use("remove_by_list-accept");
    EXPECT_EQ(patch("/Groups/" + group, Json{one}).status, 204);
    EXPECT_EQ(members_of(group), std::vector<std::string>{bob});
}

TEST_F(ScimPatchRules, Check105_RemovalOfAllMembersCanBeGuarded) {
    const std::string group = add_group("Sales", {add_user("ann"), add_user("bob")});
    use("remove_all_members-refuse");
    const Json emptying[] = {
        operation("remove", "members"), operation("replace", "members", Json::array())};
    for (const Json& one : emptying) {
        const Answer refused = patch("/Groups/" + group, Json{one});
        EXPECT_EQ(refused.status, 400);
        EXPECT_TRUE(names_switch(refused, "remove_all_members-refuse", "remove_all_members"));
    }
    const Answer put_away =
        put("/Groups/" + group, {{"schemas", {group_schema}}, {"displayName", "Sales"}});
    EXPECT_TRUE(names_switch(put_away, "remove_all_members-refuse", "remove_all_members"));
    EXPECT_EQ(members_of(group).size(), 2U);
    const std::string last = members_of(group).front();
    const Json one_by_one = operation("remove", "members[value eq \"" + last + "\"]");
    EXPECT_EQ(patch("/Groups/" + group, Json{one_by_one}).status, 204);
    use("remove_all_members-accept");
    EXPECT_EQ(patch("/Groups/" + group, Json{operation("remove", "members")}).status, 204);
    EXPECT_TRUE(members_of(group).empty());
}

TEST_F(ScimPatchRules, Check107_ExtensionComesAndGoesWithItsAttributes) {
    const std::string path = "/Users/" + add_user("ann");
    const std::string department = std::string(enterprise_schema) + ":department";
    EXPECT_EQ(
        patch(path, Json{operation("add", department, "x")}).body["schemas"],
        (Json{user_schema, enterprise_schema})
    );
    const Answer gone = patch(path, Json{operation("remove", department)});
    EXPECT_EQ(gone.body["schemas"], Json{user_schema});
    EXPECT_FALSE(gone.body.contains(enterprise_schema));
}

TEST_F(ScimPatchRules, Check108_UrnAloneAddressesTheExtension) {
    const Json extended{{enterprise_schema, {{"department", "x"}, {"costCenter", "7"}}}};
    const Answer changed =
        patch_fresh(extended, operation("replace", enterprise_schema, {{"department", "y"}}));
    EXPECT_EQ(changed.body[enterprise_schema]["department"], "y");
    const Answer gone = patch_fresh(extended, operation("remove", enterprise_schema));
    EXPECT_FALSE(gone.body.contains(enterprise_schema));
}

TEST_F(ScimPatchRules, Check109_NewPrimaryTakesThePlaceOfTheOldOne) {
    const std::string path =
        "/Users/" + add_user("ann", {{"emails", {{{"value", "a@x"}, {"primary", true}}}}});
    const auto add = [](const std::string& value) {
        return operation("add", "emails", {{{"value", value}, {"primary", true}}});
    };
    const Answer answer = patch(path, {add("b@x"), add("c@x")});
    int primaries = 0;
    for (const Json& one : answer.body["emails"]) {
        primaries += one.value("primary", false) ? 1 : 0;
    }
    EXPECT_EQ(primaries, 1) << answer.text;
    EXPECT_EQ(answer.body["emails"][2]["primary"], true);
}

TEST_F(ScimPatchRules, Check110_PrimaryForSeveralElementsIsRefused) {
    const Json homes{{"emails", {mail("a@x", "home"), mail("b@x", "home")}}};
    EXPECT_EQ(
        patch_fresh(homes, operation("replace", "emails[type eq \"home\"].primary", true))
            .scim_type(),
        "invalidValue"
    );
}

TEST_F(ScimPatchRules, Check115_AnswerFollowsTheProfile) {
    const std::string user = "/Users/" + add_user("ann");
    const std::string group = "/Groups/" + add_group("Sales");
    const Json rename = operation("replace", "displayName", "New");
    const auto statuses = [&] {
        return std::pair(patch(user, Json{rename}).status, patch(group, Json{rename}).status);
    };
    EXPECT_EQ(statuses(), std::pair(200, 204));
    use("patch_answer-body");
    EXPECT_EQ(statuses(), std::pair(200, 200));
    use("patch_answer-empty");
    EXPECT_EQ(statuses(), std::pair(204, 204));
    const Answer named = patch(user + "?attributes=displayName", Json{rename});
    EXPECT_EQ(named.status, 200);
    EXPECT_EQ(named.body["displayName"], "New");
    EXPECT_FALSE(named.header("ETag").empty());
    EXPECT_FALSE(named.header("Location").empty());
}

TEST_F(ScimPatchRules, Check117_BaseSchemaStays) {
    EXPECT_EQ(
        patch_fresh({}, operation("remove", "schemas", {user_schema})).scim_type(), "mutability"
    );
    EXPECT_EQ(patch_fresh({}, operation("add", "schemas", {enterprise_schema})).status, 200);
}

TEST_F(ScimPatchRules, WholeElementsCanBeRefused) {
    const Json one = operation("replace", "emails[type eq \"work\"]", mail("b@x", "work"));
    EXPECT_EQ(patch_fresh(work_, one).status, 200);
    use("whole_elements-refuse");
    EXPECT_TRUE(names_switch(patch_fresh(work_, one), "whole_elements-refuse", "whole_elements"));
    EXPECT_EQ(patch_fresh(work_, operation("remove", "emails[type eq \"work\"]")).status, 200);
}

}  // namespace
}  // namespace bascule::scim::tests
