#include "tests/integration/scim/profile_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimBodies : public ScimProfileTest {};

TEST_F(ScimBodies, Check061_ExternalIdIsOfOneResourceWhenTheProfileSaysSo) {
    use("repeated_external_id-refuse");
    ASSERT_EQ(post_user({{"externalId", "e1"}}).status, 201);
    const Answer second = post_user({{"externalId", "e1"}});
    EXPECT_EQ(second.status, 409);
    EXPECT_EQ(second.scim_type(), "uniqueness");
    EXPECT_TRUE(names_switch(second, "repeated_external_id-refuse", "repeated_external_id"));
    // Compared with case, as the attribute is.
    EXPECT_EQ(post_user({{"externalId", "E1"}}).status, 201);
    const std::string third = post_user({{"externalId", "e3"}}).body["id"];
    EXPECT_EQ(patch("/Users/" + third, Json{operation("replace", "externalId", "e1")}).status, 409);
    EXPECT_EQ(patch("/Users/" + third, Json{operation("replace", "externalId", "e3")}).status, 200);
    use("lenient");
    EXPECT_EQ(post_user({{"externalId", "e1"}}).status, 201);
}

TEST_F(ScimBodies, Check062_SchemasAreInferredOrRequired) {
    const Json without{{"userName", "ann"}, {"schemas", Json::array()}};
    const Json twice{{"userName", "bob"}, {"schemas", {user_schema, user_schema}}};
    EXPECT_EQ(post("/Users", without).status, 201);
    EXPECT_EQ(post("/Users", twice).status, 201);
    use("missing_schemas-refuse");
    for (const Json& body : {without, twice}) {
        const Answer answer = post("/Users", body);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.scim_type(), "invalidSyntax");
        EXPECT_TRUE(names_switch(answer, "missing_schemas-refuse", "missing_schemas"));
    }
    EXPECT_EQ(
        post_user({{"schemas", {enterprise_schema, user_schema}},
                   {enterprise_schema, {{"department", "x"}}}}
        ).status,
        201
    );
}

TEST_F(ScimBodies, Check062_UnknownSchemaUriIsDroppedOrRefused) {
    const Json body{{"schemas", {user_schema, "urn:nobody:knows"}}};
    const Answer dropped = post_user(body);
    EXPECT_EQ(dropped.status, 201);
    EXPECT_EQ(dropped.body["schemas"], Json{user_schema});
    use("unknown_attributes-refuse");
    EXPECT_TRUE(names_switch(post_user(body), "unknown_attributes-refuse", "unknown_attributes"));
}

TEST_F(ScimBodies, Check063_ExtensionWithoutItsUrn) {
    const Json body{{enterprise_schema, {{"department", "Sales"}}}};
    const Answer added = post_user(body);
    EXPECT_EQ(added.status, 201);
    EXPECT_EQ(added.body["schemas"], (Json{user_schema, enterprise_schema}));
    use("undeclared_extension-refuse");
    const Answer refused = post_user(body);
    EXPECT_EQ(refused.status, 400);
    EXPECT_TRUE(names_switch(refused, "undeclared_extension-refuse", "undeclared_extension"));
}

TEST_F(ScimBodies, Check065_TypesAreChecked) {
    const auto status = [&](const Json& more) { return post_user(more).status; };
    EXPECT_EQ(status({{"active", "true"}}), 400);
    EXPECT_EQ(status({{"title", 7}}), 400);
    EXPECT_EQ(status({{"name", "Ann"}}), 400);
    EXPECT_EQ(status({{"x509Certificates", {{{"value", "not base64!"}}}}}), 400);
    EXPECT_EQ(status({{"x509Certificates", {{{"value", "aGVsbG8="}}}}}), 201);
    EXPECT_EQ(post_user({{"title", 7}}).scim_type(), "invalidValue");
}

TEST_F(ScimBodies, Check065_BooleansAsTextNeedTheProfile) {
    use("boolean_as_text-accept");
    const Answer made = post_user({{"active", "False"}});
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.body["active"], false);
    const std::string path = "/Users/" + made.body.value("id", "");
    EXPECT_EQ(patch(path, Json{operation("replace", "active", "True")}).body["active"], true);
    EXPECT_EQ(
        patch(path, Json{operation("replace", "", {{"active", "false"}})}).body["active"], false
    );
    EXPECT_EQ(patch(path, Json{operation("replace", "active", "maybe")}).status, 400);
    use("boolean_as_text-refuse");
    EXPECT_EQ(
        patch(path, Json{operation("replace", "active", "True")}).scim_type(), "invalidValue"
    );
}

TEST_F(ScimBodies, Check066_SeveralPrimariesAreRefusedOrNormalised) {
    const Json body{
        {"emails", {{{"value", "a@x"}, {"primary", true}}, {{"value", "b@x"}, {"primary", true}}}}};
    EXPECT_EQ(post_user(body).scim_type(), "invalidValue");
    use("several_primaries-first");
    const Answer made = post_user(body);
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.body["emails"][0]["primary"], true);
    EXPECT_NE(made.body["emails"][1].value("primary", false), true);
}

TEST_F(ScimBodies, Check067_EqualElementsAreStoredOnce) {
    const Json mail{{"value", "a@x"}, {"type", "work"}};
    const Json other{{"value", "a@x"}, {"type", "home"}};
    EXPECT_EQ(post_user({{"emails", {mail, other, mail}}}).body["emails"].size(), 2U);
}

TEST_F(ScimBodies, Check068_CanonicalValuesAreAdviceOrBinding) {
    const Json body{{"emails", {{{"value", "a@x"}, {"type", "holiday"}}}}};
    EXPECT_EQ(post_user(body).body["emails"][0]["type"], "holiday");
    use("other_canonical_values-refuse");
    const Answer refused = post_user(body);
    EXPECT_EQ(refused.scim_type(), "invalidValue");
    EXPECT_TRUE(names_switch(refused, "other_canonical_values-refuse", "other_canonical_values"));
    EXPECT_EQ(post_user({{"emails", {{{"value", "a@x"}, {"type", "work"}}}}}).status, 201);
}

TEST_F(ScimBodies, Check069_NullAndEmptyArrayAreUnassigned) {
    const Answer made =
        post_user({{"title", nullptr}, {"emails", Json::array()}, {"nickName", ""}});
    EXPECT_EQ(made.status, 201);
    for (const char* name : {"title", "emails", "nickName"}) {
        EXPECT_FALSE(made.body.contains(name)) << name;
    }
}

TEST_F(ScimBodies, Check070_PlainJsonIsTaken) {
    const std::string body = Json({{"schemas", {user_schema}}, {"userName", "ann"}}).dump();
    const Answer made = send(
        http::Method::post, "/Users", body,
        {{"content-type", "application/json; charset=utf-8"}, {"accept", "application/json"}}
    );
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.content_type, "application/scim+json");
}

TEST_F(ScimBodies, Check071_ValuesComeBackAsSent) {
    const Json phones{{{"value", "+1 (425) 555-0100;ext=7"}, {"type", "work"}}};
    const Json mails{{{"value", "Ann+Tag@Example.COM"}, {"type", "work"}}};
    const Answer made = post_user({{"phoneNumbers", phones}, {"emails", mails}});
    EXPECT_EQ(made.body["phoneNumbers"], phones);
    EXPECT_EQ(made.body["emails"], mails);
}

TEST_F(ScimBodies, Check144_NamesInAnyCaseComeBackCanonical) {
    const Answer made = post(
        "/Users",
        {{"SCHEMAS", {user_schema}},
         {"username", "ann"},
         {"NAME", {{"GIVENNAME", "Ann"}}},
         {"URN:IETF:params:scim:schemas:extension:enterprise:2.0:USER", {{"DEPARTMENT", "Sales"}}}}
    );
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.body["userName"], "ann");
    EXPECT_EQ(made.body["name"]["givenName"], "Ann");
    EXPECT_EQ(made.body[enterprise_schema]["department"], "Sales");
    EXPECT_FALSE(made.body.contains("username"));
    EXPECT_EQ(
        post("/Users", {{"userName", "bob"}, {"USERNAME", "bob"}}).scim_type(), "invalidSyntax"
    );
}

TEST_F(ScimBodies, UnknownAttributesAreDroppedOrRefused) {
    const Json bodies[] = {
        {{"favouriteColour", "blue"}},
        {{"name", {{"petName", "x"}}}},
        {{"schemas", {user_schema, enterprise_schema}}, {enterprise_schema, {{"desk", "7"}}}},
    };
    for (const Json& body : bodies) {
        EXPECT_EQ(post_user(body).status, 201);
    }
    use("unknown_attributes-refuse");
    for (const Json& body : bodies) {
        const Answer refused = post_user(body);
        EXPECT_EQ(refused.scim_type(), "invalidSyntax");
        EXPECT_TRUE(names_switch(refused, "unknown_attributes-refuse", "unknown_attributes"));
    }
    const std::string id = add_user("whole", {{"title", "x"}});
    EXPECT_EQ(put("/Users/" + id, get("/Users/" + id).body).status, 200);
}

TEST_F(ScimBodies, ListsAndBareTextsForSingleValues) {
    const std::string boss = add_user("boss");
    const Json operations[] = {
        operation("replace", std::string(enterprise_schema) + ":manager", boss),
        operation("replace", "title", Json::array({"Director"})),
    };
    for (const Json& one : operations) {
        EXPECT_EQ(patch_fresh({}, one).status, 200);
    }
    use("loose_values-refuse");
    for (const Json& one : operations) {
        EXPECT_TRUE(names_switch(patch_fresh({}, one), "loose_values-refuse", "loose_values"));
    }
}

TEST_F(ScimBodies, Check075_OmittedValuesFollowTheProfile) {
    const auto replaced = [&] {
        static int count = 0;
        const std::string name = "omit" + std::to_string(++count);
        const std::string id = add_user(name, {{"active", false}, {"externalId", "e"}});
        return put("/Users/" + id, {{"schemas", {user_schema}}, {"userName", name}}).body;
    };
    EXPECT_EQ(replaced()["active"], false);
    EXPECT_EQ(replaced()["externalId"], "e");
    use("omitted_active-clear");
    EXPECT_FALSE(replaced().contains("active"));
    use("omitted_external_id-clear");
    EXPECT_FALSE(replaced().contains("externalId"));
}

TEST_F(ScimBodies, Check079_OmittedMembersFollowTheProfile) {
    const std::string group = add_group("Sales", {add_user("ann")});
    const Json body{{"schemas", {group_schema}}, {"displayName", "Sales"}};
    use("omitted_members-keep");
    EXPECT_EQ(put("/Groups/" + group, body).status, 200);
    EXPECT_EQ(members_of(group).size(), 1U);
    use("omitted_members-clear");
    EXPECT_EQ(put("/Groups/" + group, body).status, 200);
    EXPECT_TRUE(members_of(group).empty());
}

TEST_F(ScimBodies, Check081_OtherIdInTheBody) {
    const std::string id = add_user("ann");
    const Json body{{"schemas", {user_schema}}, {"userName", "ann"}, {"id", unknown_id()}};
    const Answer ignored = put("/Users/" + id, body);
    EXPECT_EQ(ignored.status, 200);
    EXPECT_EQ(ignored.body["id"], id);
    use("other_id_in_body-refuse");
    const Answer refused = put("/Users/" + id, body);
    EXPECT_EQ(refused.scim_type(), "mutability");
    EXPECT_TRUE(names_switch(refused, "other_id_in_body-refuse", "other_id_in_body"));
    EXPECT_EQ(put("/Users/" + id, get("/Users/" + id).body).status, 200);
}

TEST_F(ScimBodies, PutIsRefusedWithTheMethodsThatAreTaken) {
    const std::string id = add_user("ann");
    use("put-refuse");
    const Answer refused = put("/Users/" + id, {{"schemas", {user_schema}}, {"userName", "ann"}});
    EXPECT_EQ(refused.status, 405);
    EXPECT_TRUE(names_switch(refused, "put-refuse", "put"));
    EXPECT_EQ(refused.header("Allow"), "GET, HEAD, PATCH, DELETE, OPTIONS");
}

}  // namespace
}  // namespace bascule::scim::tests
