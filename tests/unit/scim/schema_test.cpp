#include "scim/schema/schema.hpp"

#include "scim/schema/schema_file.hpp"
#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

std::string resolved(std::string_view notation, std::string_view type = "User") {
    const auto name = fixture().schemas->resolve(fixture().type(type), notation);
    return name ? name->path().to_string() : "unknown";
}

constexpr const char* enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

TEST(SchemaResolve, FindsNamesWithoutCase) {
    EXPECT_EQ(resolved("USERNAME"), "userName");
    EXPECT_EQ(resolved("Name.GivenName"), "name.givenName");
    EXPECT_EQ(resolved("emails.VALUE"), "emails.value");
    EXPECT_EQ(resolved("members.$ref", "Group"), "members.$ref");
}

TEST(SchemaResolve, TakesTheLongestKnownUrnPrefix) {
    EXPECT_EQ(resolved("urn:ietf:params:scim:schemas:core:2.0:User:userName"), "userName");
    EXPECT_EQ(
        resolved("URN:ietf:params:scim:schemas:CORE:2.0:user:name.familyName"), "name.familyName"
    );
    EXPECT_EQ(
        resolved(std::string(enterprise) + ":manager.value"),
        std::string(enterprise) + ":manager.value"
    );
    EXPECT_EQ(resolved(enterprise), enterprise);
}

TEST(SchemaResolve, KnowsCommonAttributesForEveryType) {
    for (const char* type :
         {"User", "Group", "AdministrativeUnit", "RoleAssignment", "Application"}) {
        EXPECT_EQ(resolved("id", type), "id");
        EXPECT_EQ(resolved("externalID", type), "externalId");
        EXPECT_EQ(resolved("meta.lastmodified", type), "meta.lastModified");
        EXPECT_EQ(resolved("schemas", type), "schemas");
    }
}

TEST(SchemaResolve, KnowsNothingElse) {
    for (const char* name :
         {"", "nonsense", "name.nonsense", "name.givenName.x", "department", "userName.x",
          "urn:ietf:params:scim:schemas:core:2.0:Group:displayName", "urn:x:userName",
          "urn:ietf:params:scim:schemas:core:2.0:User",
          "urn:ietf:params:scim:schemas:core:2.0:UserX:a"}) {
        EXPECT_EQ(resolved(name), "unknown") << name;
    }
}

const directory::AttributeSpec* spec_of(const char* type, const directory::AttributePath& path) {
    const auto& registry = fixture().registry;
    const auto id = registry.find_attribute(registry.type(type), path);
    return id ? &registry.spec(*id) : nullptr;
}

TEST(SchemaRegistration, GivesTheStoreOneEntryPerValue) {
    ASSERT_NE(spec_of("User", {"", "userName", ""}), nullptr);
    EXPECT_TRUE(spec_of("User", {"", "userName", ""})->unique);
    EXPECT_FALSE(spec_of("User", {"", "userName", ""})->case_exact);
    EXPECT_TRUE(spec_of("User", {"", "emails", "value"})->multi_valued);
    EXPECT_TRUE(spec_of("User", {"", "emails", "value"})->searchable);
    EXPECT_TRUE(spec_of("User", {"", "externalId", ""})->case_exact);
    EXPECT_TRUE(spec_of("User", {"", "externalId", ""})->searchable);
    EXPECT_FALSE(spec_of("User", {"", "externalId", ""})->unique);
    EXPECT_TRUE(spec_of("User", {enterprise, "department", ""})->searchable);
    EXPECT_TRUE(spec_of("RoleAssignment", {"", "principal", "value"})->searchable);
    EXPECT_EQ(spec_of("User", {"", "id", ""}), nullptr);
    EXPECT_EQ(spec_of("User", {"", "emails", ""}), nullptr);
}

TEST(SchemaRegistration, DoesNotIndexWhatIsSecretDerivedOrAnEdge) {
    EXPECT_FALSE(spec_of("User", {"", "password", ""})->searchable);
    EXPECT_FALSE(spec_of("User", {"", "groups", "value"})->searchable);
    EXPECT_FALSE(spec_of("User", {"", "photos", "value"})->searchable);
    EXPECT_FALSE(spec_of("User", {"", "x509Certificates", "value"})->searchable);
    EXPECT_FALSE(spec_of("User", {enterprise, "manager", "value"})->searchable);
    EXPECT_FALSE(spec_of("Group", {"", "members", "value"})->searchable);
}

TEST(SchemaRegistration, FindsTypesByNameEndpointAndNumber) {
    const auto& type = fixture().type("Group");
    EXPECT_EQ(fixture().schemas->find_by_endpoint("/Groups"), &type);
    EXPECT_EQ(fixture().schemas->find_by_type(type.type), &type);
    EXPECT_FALSE(type.schema->find("displayName")->uniqueness == Uniqueness::server);
    EXPECT_TRUE(
        fixture().type("AdministrativeUnit").schema->find("displayName")->uniqueness ==
        Uniqueness::server
    );
    EXPECT_NE(
        fixture().schemas->find_schema("URN:ietf:params:scim:schemas:core:2.0:USER"), nullptr
    );
}

std::string with_attribute(const std::string& attribute) {
    return R"({"id":"urn:example:X","name":"X","attributes":[)" + attribute + "]}";
}

TEST(SchemaFile, RefusesWhatTheMetaSchemaForbids) {
    for (const char* attribute : {
             R"({"name":"a","kolor":"red"})",
             R"({"name":"a","type":"colour"})",
             R"({"name":"a","mutability":"sometimes"})",
             R"({"name":"a","multiValued":"yes"})",
             R"({"name":"1a"})",
             R"({"name":"a.b"})",
             R"({"name":"a"},{"name":"A"})",
             R"({"name":"id"})",
             R"({"name":"a","type":"complex"})",
             R"({"name":"a","subAttributes":[{"name":"b"}]})",
             R"({"name":"a","type":"complex","uniqueness":"server","subAttributes":[{"name":"b"}]})",
             R"({"name":"a","type":"complex","subAttributes":[{"name":"b","type":"complex","subAttributes":[{"name":"c"}]}]})",
             R"({"name":"a","type":"complex","subAttributes":[{"name":"b"},{"name":"B"}]})",
             R"({"name":"a","bascule":{"edge":"member"}})",
             R"({"name":"a","bascule":{"hidden":true}})",
             R"(7)",
         }) {
        EXPECT_EQ(code_of(parse_schema(with_attribute(attribute))), "invalid_schema") << attribute;
    }
    EXPECT_EQ(code_of(parse_schema(with_attribute(R"({"name":"a"})"))), "ok");
}

TEST(SchemaFile, RefusesTwiceTheSameSchemaTypeOrEndpoint) {
    const std::string schema = with_attribute(R"({"name":"a"})");
    const std::string type = R"({"name":"X","endpoint":"/Xs","schema":"urn:example:X"})";
    EXPECT_EQ(code_of(SchemaRegistry::load({schema}, "[" + type + "]")), "ok");
    EXPECT_EQ(code_of(SchemaRegistry::load({schema, schema}, "[]")), "invalid_schema");
    EXPECT_EQ(
        code_of(SchemaRegistry::load({schema}, "[" + type + "," + type + "]")), "invalid_schema"
    );
    EXPECT_EQ(code_of(SchemaRegistry::load({}, "[" + type + "]")), "invalid_schema");
}

}  // namespace
}  // namespace bascule::scim
