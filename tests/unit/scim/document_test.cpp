#include "scim/codec/document.hpp"

#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

Result<ResourceDraft> decode(std::string_view text, std::string_view type = "User") {
    BASCULE_TRY(const auto json, parse_json(text));
    return decode_resource(json, *fixture().schemas, fixture().type(type), DraftPurpose::create);
}

std::string body_of(std::string_view text, std::string_view type = "User") {
    auto draft = decode(text, type);
    return draft ? draft->body : draft.error().code + " " + draft.error().field;
}

constexpr const char* user_urn = "urn:ietf:params:scim:schemas:core:2.0:User";
constexpr const char* enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

std::string user(const std::string& rest) {
    return std::string(R"({"schemas":[")") + user_urn + R"("],"userName":"mira")" + rest + "}";
}

std::string enterprise_user(const std::string& rest, const std::string& extension) {
    return std::string(R"({"schemas":[")") + user_urn + R"(",")" + enterprise +
           R"("],"userName":"mira")" + rest + R"(,")" + enterprise + R"(":)" + extension + "}";
}

TEST(ParseJson, RefusesWhatIsNotStrictJson) {
    for (const std::string& text :
         {std::string(), std::string("  \n"), std::string("{"), std::string("{} x"),
          std::string("{'a':1}"), std::string(R"({"a":1,"a":2})"),
          std::string(R"({"x":{"b":1,"c":2,"b":3}})"), std::string("{\"a\":\"\xff\"}"),
          std::string("{\"a\":\"\x01\"}"), std::string(R"({"a":"\ud800"})"),
          std::string(R"({"a":1e999})"), std::string(33, '['), std::string(100000, '['),
          std::string(100000, '[') + std::string(100000, ']')}) {
        EXPECT_EQ(code_of(parse_json(text)), "invalid_syntax") << text.substr(0, 40);
    }
}

TEST(ParseJson, TakesAByteOrderMarkAndThirtyTwoLevels) {
    EXPECT_EQ(code_of(parse_json("\xEF\xBB\xBF{\"a\":1}")), "ok");
    EXPECT_EQ(code_of(parse_json(std::string(32, '[') + std::string(32, ']'))), "ok");
    EXPECT_EQ(
        parse_json(R"( {"a":[1,{"b":null}],"c":-2.5,"d":"\u00e4\ud83d\ude00"} )").value(),
        json_of(R"({"a":[1,{"b":null}],"c":-2.5,"d":"ä😀"})")
    );
}

TEST(ParseJson, KeepsTheOrderAndNumbersOfTheText) {
    const std::string text =
        R"({"z":9223372036854775807,"a":[true,false,null,"x"],"m":{"q":1,"b":2}})";
    EXPECT_EQ(to_text(parse_json(text).value()), text);
}

TEST(DecodeResource, GivesCanonicalNamesInSchemaOrder) {
    EXPECT_EQ(
        body_of(
            R"({"ACTIVE":true,"emails":[{"TYPE":"work","value":"m@x"}],"NAME":{"givenname":"Mira","FamilyName":"Ng"},
                    "schemas":["URN:ietf:params:scim:schemas:core:2.0:user"],"username":"mira","ExternalID":"7"})"
        ),
        std::string(R"({"schemas":[")") + user_urn +
            R"("],"externalId":"7","userName":"mira","name":{"familyName":"Ng","givenName":"Mira"},"active":true,"emails":[{"value":"m@x","type":"work"}]})"
    );
}

TEST(DecodeResource, InfersSchemasAndListsExtensionsThatHaveContent) {
    EXPECT_EQ(body_of(R"({"userName":"mira"})"), user(""));
    EXPECT_EQ(
        body_of(std::string(R"({"userName":"mira",")") + enterprise + R"(":{"department":"IT"}})"),
        enterprise_user("", R"({"department":"IT"})")
    );
    EXPECT_EQ(body_of(enterprise_user("", R"({"department":null,"unknown":1})")), user(""));
    EXPECT_EQ(body_of(enterprise_user("", "{}")), user(""));
}

TEST(DecodeResource, DropsForeignSchemasButRefusesAnotherTypesResource) {
    EXPECT_EQ(
        body_of(
            R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group",
        "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"displayName":"G"})",
            "Group"
        ),
        R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"G"})"
    );
    EXPECT_EQ(
        body_of(R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"userName":"x"})"),
        "invalid_value schemas"
    );
    EXPECT_EQ(body_of(R"({"schemas":[7],"userName":"x"})"), "invalid_syntax schemas");
}

TEST(DecodeResource, IgnoresWhatTheServerOwns) {
    EXPECT_EQ(
        body_of(user(
            R"(,"id":"me","meta":{"resourceType":"User"},"groups":[{"value":"x"}],"shoeSize":44)"
        )),
        user("")
    );
}

TEST(DecodeResource, DropsUnassignedValues) {
    EXPECT_EQ(
        body_of(user(
            R"(,"title":null,"nickName":"","emails":[],"name":{},"roles":[{}],"ims":[{"value":""}])"
        )),
        user("")
    );
    const auto draft = decode(user(R"(,"title":null,"nickName":"")"));
    EXPECT_EQ(draft->cleared, (std::vector<std::string>{"nickName", "title"}));
}

TEST(DecodeResource, NeedsRequiredAttributes) {
    EXPECT_EQ(body_of("{}"), "invalid_value userName");
    EXPECT_EQ(body_of(R"({"userName":""})"), "invalid_value userName");
    EXPECT_EQ(body_of("{}", "Group"), "invalid_value displayName");
    EXPECT_EQ(
        body_of(R"({"role":"Helpdesk Administrator"})", "RoleAssignment"), "invalid_value principal"
    );
    EXPECT_EQ(
        body_of(R"({"role":"x","principal":{"display":"y"}})", "RoleAssignment"),
        "invalid_value principal.value"
    );
}

TEST(DecodeResource, ChecksTypes) {
    EXPECT_EQ(body_of(user(R"(,"active":"true")")), "invalid_value active");
    EXPECT_EQ(body_of(user(R"(,"title":5)")), "invalid_value title");
    EXPECT_EQ(body_of(user(R"(,"title":["a"])")), "invalid_value title");
    EXPECT_EQ(body_of(user(R"(,"name":"Mira")")), "invalid_value name");
    EXPECT_EQ(body_of(user(R"(,"emails":["m@x"])")), "invalid_value emails");
    EXPECT_EQ(
        body_of(user(R"(,"x509Certificates":[{"value":"no base64!"}])")),
        "invalid_value x509Certificates.value"
    );
    EXPECT_EQ(body_of(user(R"(,"title":"a\u0000b")")), "invalid_value title");
    EXPECT_EQ(body_of("[]"), "invalid_syntax ");
    EXPECT_EQ(body_of(R"({"userName":"a","USERNAME":"b"})"), "invalid_syntax ");
}

TEST(DecodeResource, KeepsValuesAsSent) {
    const std::string text =
        user(R"(,"displayName":" Mïra \"M\" \\ \n","phoneNumbers":[{"value":"+49 (0)30/1234"}])");
    EXPECT_EQ(body_of(text), text);
}

TEST(DecodeResource, WrapsASingleValueAndKeepsEqualPairsOnce) {
    EXPECT_EQ(
        body_of(user(R"(,"emails":{"value":"m@x"})")), user(R"(,"emails":[{"value":"m@x"}])")
    );
    EXPECT_EQ(
        body_of(user(
            R"(,"emails":[{"value":"a","type":"work"},{"value":"a","type":"home"},{"value":"a","type":"work","display":"b"}])"
        )),
        user(R"(,"emails":[{"value":"a","type":"work"},{"value":"a","type":"home"}])")
    );
}

TEST(DecodeResource, AllowsOnePrimaryOnly) {
    EXPECT_EQ(
        body_of(user(R"(,"emails":[{"value":"a","primary":true},{"value":"b","primary":true}])")),
        "invalid_value emails"
    );
    EXPECT_EQ(
        body_of(user(R"(,"emails":[{"value":"a","primary":true},{"value":"b","primary":false}])")),
        user(R"(,"emails":[{"value":"a","primary":true},{"value":"b","primary":false}])")
    );
}

TEST(DecodeResource, TakesEdgesAndPasswordOut) {
    auto draft = decode(
        R"({"displayName":"G","members":[{"value":"1","type":"User","$ref":null},{"value":"2"},{"value":"1"}]})",
        "Group"
    );
    EXPECT_EQ(
        draft->body,
        R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"G"})"
    );
    EXPECT_EQ(draft->edges.at(directory::EdgeKind::member), (std::vector<std::string>{"1", "2"}));

    draft = decode(R"({"displayName":"G","members":[]})", "Group");
    EXPECT_TRUE(draft->edges.at(directory::EdgeKind::member).empty());
    draft = decode(R"({"displayName":"G"})", "Group");
    EXPECT_TRUE(draft->edges.empty());
    EXPECT_EQ(
        code_of(decode(R"({"displayName":"G","members":[{"display":"x"}]})", "Group")),
        "invalid_value"
    );

    draft =
        decode(enterprise_user(R"(,"password":"t1meMa$heen")", R"({"manager":{"value":"26"}})"));
    EXPECT_EQ(draft->body, user(""));
    EXPECT_EQ(draft->edges.at(directory::EdgeKind::manager), std::vector<std::string>{"26"});
    ASSERT_TRUE(draft->password.has_value());
    EXPECT_EQ(draft->password->reveal(), "t1meMa$heen");
}

std::string put(const std::string& stored, std::string_view wanted, std::string_view type) {
    const auto draft = decode_resource(
        json_of(wanted), *fixture().schemas, fixture().type(type), DraftPurpose::replace
    );
    const auto body = replacement_body(stored, *draft, *fixture().schemas, fixture().type(type));
    return body ? *body : body.error().code + " " + body.error().field;
}

TEST(ReplacementBody, ClearsWhatIsOmittedButNotActiveAndExternalId) {
    const std::string stored =
        std::string(R"({"schemas":[")") + user_urn +
        R"("],"id":"1","externalId":"e","userName":"mira","title":"Dr","active":false})";
    EXPECT_EQ(
        put(stored, R"({"userName":"mira"})", "User"),
        std::string(R"({"schemas":[")") + user_urn +
            R"("],"id":"1","externalId":"e","userName":"mira","active":false})"
    );
    EXPECT_EQ(
        put(stored, R"({"userName":"mira","active":null,"externalId":null})", "User"),
        std::string(R"({"schemas":[")") + user_urn + R"("],"id":"1","userName":"mira"})"
    );
    EXPECT_EQ(put(stored, R"({"title":"x"})", "User"), "invalid_value userName");
}

TEST(ReplacementBody, KeepsImmutableAndReadOnlyValues) {
    const std::string assignment =
        R"({"schemas":["urn:bascule:params:scim:schemas:core:2.0:RoleAssignment"],"id":"1","role":"Reports Reader","principal":{"value":"u1","display":"Mira"}})";
    EXPECT_EQ(
        put(assignment, R"({"role":"reports reader","principal":{"value":"u1"}})",
            "RoleAssignment"),
        assignment
    );
    EXPECT_EQ(
        put(assignment, R"({"role":"Reports Reader","principal":{"value":"u2"}})",
            "RoleAssignment"),
        "mutability principal"
    );
    EXPECT_EQ(
        put(assignment, R"({"role":"Reports Reader","principal":null})", "RoleAssignment"),
        "mutability principal"
    );
    EXPECT_EQ(put(assignment, R"({})", "RoleAssignment"), assignment);
    const std::string application =
        R"({"schemas":["urn:bascule:params:scim:schemas:core:2.0:Application"],"id":"1","displayName":"A","selfService":{"enabled":true,"approvers":["u1","u2"]}})";
    EXPECT_EQ(
        put(application, R"({"displayName":"A","selfService":{"enabled":false}})", "Application"),
        application
    );
}

TEST(WithId, GoesRightAfterTheSchemas) {
    const Uuid id = parse_uuid("6b29fc40-ca47-1067-b31d-00dd010662da").value();
    EXPECT_EQ(
        with_id(R"({"schemas":["urn:a","urn:b"],"userName":"m"})", id),
        R"({"schemas":["urn:a","urn:b"],"id":"6b29fc40-ca47-1067-b31d-00dd010662da","userName":"m"})"
    );
    EXPECT_EQ(with_id(R"({"a":1})", id), R"({"id":"6b29fc40-ca47-1067-b31d-00dd010662da","a":1})");
    EXPECT_EQ(with_id("{}", id), R"({"id":"6b29fc40-ca47-1067-b31d-00dd010662da"})");
}

TEST(ChangedAttributes, NamesEachTopLevelAttributeOnce) {
    std::vector<std::string> names;
    for (const auto& path : changed_attributes(
             R"({"schemas":["x"],"id":"1","userName":"a","title":"t","name":{"givenName":"g"},"urn:e:U":{"d":1,"e":2}})",
             R"({"schemas":["x","y"],"id":"2","userName":"b","name":{"givenName":"g"},"active":true,"urn:e:U":{"d":1,"e":3,"f":4}})"
         )) {
        names.push_back(path.to_string());
    }
    EXPECT_THAT(
        names, testing::ElementsAre("userName", "title", "urn:e:U:e", "active", "urn:e:U:f")
    );
}

TEST(ChangedAttributes, SeesWholeExtensionsComeAndGo) {
    EXPECT_EQ(changed_attributes(R"({"a":1})", R"({"a":1,"urn:e:U":{"d":1}})").size(), 1U);
    EXPECT_EQ(
        changed_attributes(R"({"a":1,"urn:e:U":{"d":1}})", R"({"a":1})").front().to_string(),
        "urn:e:U:d"
    );
    EXPECT_TRUE(changed_attributes(R"({"a":1})", R"({"a":1})").empty());
}

TEST(DisplayOf, PrefersDisplayNameThenFullNameThenUserName) {
    EXPECT_EQ(display_of(R"({"userName":"u","name":{"formatted":"F"},"displayName":"D"})"), "D");
    EXPECT_EQ(display_of(R"({"userName":"u","name":{"formatted":"F"}})"), "F");
    EXPECT_EQ(display_of(R"({"userName":"u","name":{"givenName":"F"}})"), "u");
    EXPECT_EQ(display_of("{}"), "");
}

}  // namespace
}  // namespace bascule::scim
