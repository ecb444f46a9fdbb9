#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimDiscovery : public ScimServiceTest {};

TEST_F(ScimDiscovery, Check154_ListsAreListResponses) {
    for (const char* path : {"/Schemas", "/ResourceTypes"}) {
        const Answer answer = get(path);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body["schemas"][0], list_schema);
        EXPECT_EQ(answer.body["totalResults"], answer.body["Resources"].size());
    }
}

TEST_F(ScimDiscovery, Check154_WritesAreNotAllowed) {
    for (const char* path :
         {"/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/ResourceTypes/User"}) {
        for (const auto method :
             {http::Method::post, http::Method::put, http::Method::patch, http::Method::delete_}) {
            const Answer answer = send(method, path, "{}");
            EXPECT_EQ(answer.status, 405) << path;
            EXPECT_EQ(answer.header("Allow"), "GET, HEAD, OPTIONS");
            EXPECT_EQ(answer.body["schemas"][0], error_schema);
        }
    }
}

TEST_F(ScimDiscovery, Check155_FilterIsForbiddenOnListsOnly) {
    EXPECT_EQ(get("/Schemas?filter=id%20pr").status, 403);
    EXPECT_EQ(get("/ResourceTypes?filter=id%20pr").status, 403);
    EXPECT_EQ(get("/ServiceProviderConfig?filter=id%20pr").status, 200);
}

TEST_F(ScimDiscovery, Check156_ResourceTypesNameExistingSchemas) {
    for (const Json& type : get("/ResourceTypes").body["Resources"]) {
        EXPECT_EQ(type["id"], type["name"]);
        EXPECT_TRUE(type.contains("meta"));
        EXPECT_EQ(get("/Schemas/" + type["schema"].get<std::string>()).body["id"], type["schema"]);
        for (const Json& extension : type["schemaExtensions"]) {
            EXPECT_EQ(get("/Schemas/" + extension["schema"].get<std::string>()).status, 200);
        }
        EXPECT_EQ(get("/ResourceTypes/" + type["name"].get<std::string>()).body, type);
    }
}

TEST_F(ScimDiscovery, Check156_SchemaUrnInAnyCaseAndEncoding) {
    EXPECT_EQ(get("/Schemas/URN:IETF:params:scim:schemas:core:2.0:user").body["id"], user_schema);
    EXPECT_EQ(
        get("/Schemas/urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Acore%3A2.0%3AUser").body["id"],
        user_schema
    );
    const Answer unknown = get("/Schemas/urn:example:nothing");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.body["schemas"][0], error_schema);
}

TEST_F(ScimDiscovery, Check157_MessageSchemasAreNotListed) {
    EXPECT_EQ(get("/Schemas").text.find("api:messages:2.0:PatchOp"), std::string::npos);
}

TEST_F(ScimDiscovery, Check158_ProviderConfigTellsTheInteropProfileToItsClients) {
    const auto claims = [&] {
        const Answer answer = get("/ServiceProviderConfig");
        EXPECT_EQ(answer.status, 200);
        return answer.body.value("interopProfileConformant", false);
    };
    for (const char* const profile : {"", "lenient", "strict", "entra", "okta", "ipsie"}) {
        profile_ = profile;
        EXPECT_FALSE(claims()) << profile;
    }
    profile_ = "interop";
    EXPECT_TRUE(claims());
    authenticated_ = false;
    EXPECT_FALSE(claims()) << "who is not known is treated otherwise";
}

class InteropByDefault : public ScimServiceTest {
  protected:
    InteropByDefault() : ScimServiceTest(lines) {}
    static constexpr const char* lines =
        "scim:\n"
        "  default_profile: interop\n"
        "  profiles: { kinder: { base: interop, unknown_attributes: accept } }\n";
};

TEST_F(InteropByDefault, IsToldToEverybodyButClientsThatAreTreatedOtherwise) {
    EXPECT_EQ(get("/ServiceProviderConfig").body["interopProfileConformant"], true);
    authenticated_ = false;
    EXPECT_EQ(get("/ServiceProviderConfig").body["interopProfileConformant"], true);
    authenticated_ = true;
    profile_ = "kinder";
    EXPECT_FALSE(get("/ServiceProviderConfig").body.contains("interopProfileConformant"));
}

class InteropWithShortPages : public ScimServiceTest {
  protected:
    InteropWithShortPages()
        : ScimServiceTest("scim: { default_profile: interop, default_page: 50 }\n") {}
};

TEST_F(InteropWithShortPages, IsNotWhatTheDraftWants) {
    EXPECT_FALSE(get("/ServiceProviderConfig").body.contains("interopProfileConformant"));
}

TEST_F(ScimDiscovery, Check158_ReadableWithoutAuthentication) {
    authenticated_ = false;
    for (const char* path : {"/ServiceProviderConfig", "/Schemas", "/ResourceTypes"}) {
        EXPECT_EQ(get(path).status, 200);
    }
}

TEST_F(ScimDiscovery, Check159_PasswordIsPublishedAsWriteOnly) {
    const Json schema = get(std::string("/Schemas/") + user_schema).body;
    for (const Json& attribute : schema["attributes"]) {
        if (attribute["name"] == "password") {
            EXPECT_EQ(attribute["mutability"], "writeOnly");
            EXPECT_EQ(attribute["returned"], "never");
            return;
        }
    }
    FAIL() << "no password attribute";
}

TEST_F(ScimDiscovery, Check159_NoNullsAnywhere) {
    EXPECT_EQ(get("/Schemas").text.find("null"), std::string::npos);
    EXPECT_EQ(get("/ServiceProviderConfig").text.find("null"), std::string::npos);
}

TEST_F(ScimDiscovery, Check161_ProviderConfigIsComplete) {
    const Json config = get("/ServiceProviderConfig").body;
    for (const char* name :
         {"patch", "bulk", "filter", "changePassword", "sort", "etag", "authenticationSchemes",
          "pagination", "securityEvents"}) {
        EXPECT_TRUE(config.contains(name)) << name;
    }
    EXPECT_EQ(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
    EXPECT_EQ(config["authenticationSchemes"][0]["primary"], true);
    EXPECT_EQ(config["authenticationSchemes"][1]["type"], "oauth2");
    EXPECT_EQ(config["filter"]["maxResults"], 1000);
    EXPECT_EQ(config["pagination"]["cursor"], true);
}

}  // namespace
}  // namespace bascule::scim::tests
