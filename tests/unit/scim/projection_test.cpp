#include "scim/codec/projection.hpp"

#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

using Names = std::vector<std::string>;

constexpr const char* body =
    R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],)"
    R"("id":"00000000-0000-0000-0000-000000000000","userName":"mira","name":{"familyName":"Ng","givenName":"Mira"},)"
    R"("emails":[{"value":"a@x","type":"work"},{"value":"b@x"}],)"
    R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"IT"}})";
constexpr const char* id_member = R"("id":"00000000-0000-0000-0000-000000000000")";
constexpr const char* core = R"("urn:ietf:params:scim:schemas:core:2.0:User")";
constexpr const char* enterprise =
    R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")";

directory::Object object_of(std::string_view text) {
    directory::Object object;
    object.row.version = 7;
    object.body = text;
    return object;
}

Result<Projection> make(
    const Names& attributes, const Names& excluded, std::string_view type = "User"
) {
    return Projection::make(attributes, excluded, *fixture().schemas, fixture().type(type));
}

std::string shown(
    const Names& attributes, const Names& excluded,
    const RenderParts& parts = {"https://h/scim/v2", {}, {}}
) {
    return render(
        fixture().type("User"), object_of(body), make(attributes, excluded).value(), parts
    );
}

std::vector<ExtensionMembers> with_manager(const std::string& member) {
    return {
        {fixture().schemas->find_schema("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
         ),
         member}};
}

std::string minimal(const std::string& rest) {
    return std::string(R"({"schemas":[)") + core + "]," + id_member + rest + "}";
}

constexpr const char* meta =
    R"("meta":{"resourceType":"User","created":"1970-01-01T00:00:00.000Z","lastModified":"1970-01-01T00:00:00.000Z",)"
    R"("location":"https://h/scim/v2/Users/00000000-0000-0000-0000-000000000000","version":"W/\"7\""})";

std::string stored_without_brace() {
    return std::string(body, std::string_view(body).size() - 1);
}

TEST(Render, CopiesTheStoredTextAndAppendsMeta) {
    EXPECT_EQ(shown({}, {}), stored_without_brace() + "," + meta + "}");
}

TEST(Render, SplicesEdgesBeforeMeta) {
    const RenderParts parts{"https://h/scim/v2", R"("groups":[{"value":"g","type":"direct"}])", {}};
    EXPECT_EQ(
        shown({}, {}, parts),
        stored_without_brace() + R"(,"groups":[{"value":"g","type":"direct"}],)" + meta + "}"
    );
    EXPECT_EQ(shown({"groups.value"}, {}, parts), minimal(R"(,"groups":[{"value":"g"}])"));
    EXPECT_EQ(shown({"userName"}, {}, parts), minimal(R"(,"userName":"mira")"));
}

TEST(Render, PutsTheManagerIntoItsExtension) {
    const auto extension = with_manager(R"("manager":{"value":"m","displayName":"Max"})");
    const RenderParts parts{"https://h/scim/v2", {}, extension};
    const std::string whole = shown({}, {}, parts);
    EXPECT_NE(
        whole.find(
            std::string(enterprise) +
            R"(:{"manager":{"value":"m","displayName":"Max"},"department":"IT"})"
        ),
        std::string::npos
    );
    EXPECT_EQ(json_of(whole)["schemas"].size(), 2U);
    EXPECT_EQ(
        shown(
            {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"}, {}, parts
        ),
        std::string(R"({"schemas":[)") + core + "," + enterprise + "]," + id_member + "," +
            enterprise + R"(:{"manager":{"value":"m"}}})"
    );
}

TEST(Render, AddsTheExtensionWhenOnlyTheManagerIsInIt) {
    const auto object = object_of(
        R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"m"})"
    );
    const auto extension = with_manager(R"("manager":{"value":"m"})");
    const RenderParts parts{"https://h", {}, extension};
    for (const auto& projection : {Projection(), make({}, {"meta"}).value()}) {
        const auto json = json_of(render(fixture().type("User"), object, projection, parts));
        EXPECT_EQ(json["schemas"].size(), 2U);
        EXPECT_EQ(
            json["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].dump(),
            R"({"manager":{"value":"m"}})"
        );
    }
}

TEST(Render, AttributesReplacesTheDefaultSet) {
    EXPECT_EQ(shown({"USERNAME"}, {}), minimal(R"(,"userName":"mira")"));
    EXPECT_EQ(shown({" name.givenName "}, {}), minimal(R"(,"name":{"givenName":"Mira"})"));
    EXPECT_EQ(
        shown({"name", "name.givenName"}, {}),
        minimal(R"(,"name":{"familyName":"Ng","givenName":"Mira"})")
    );
    EXPECT_EQ(
        shown({"emails.value"}, {}), minimal(R"(,"emails":[{"value":"a@x"},{"value":"b@x"}])")
    );
    EXPECT_EQ(shown({"emails.type"}, {}), minimal(R"(,"emails":[{"type":"work"}])"));
    EXPECT_EQ(
        shown({"urn:ietf:params:scim:schemas:core:2.0:User:userName"}, {}),
        minimal(R"(,"userName":"mira")")
    );
    EXPECT_EQ(shown({"meta.version"}, {}), minimal(R"(,"meta":{"version":"W/\"7\""})"));
}

TEST(Render, UnknownAndSecretNamesShowNothingMore) {
    EXPECT_EQ(shown({"nonsense", "password"}, {}), minimal(""));
    EXPECT_EQ(shown({}, {"nonsense"}), stored_without_brace() + "," + meta + "}");
}

TEST(Render, ExcludedAttributesSubtractsButNeverWhatIsAlwaysReturned) {
    EXPECT_EQ(
        shown(
            {}, {"emails", "meta", "name.familyName", "id", "schemas",
                 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}
        ),
        minimal(R"(,"userName":"mira","name":{"givenName":"Mira"})")
    );
    EXPECT_EQ(
        shown(
            {}, {"emails", "meta", "name.familyName", "name.givenName",
                 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"}
        ),
        minimal(R"(,"userName":"mira")")
    );
}

TEST(Projection, RefusesBothLists) {
    EXPECT_EQ(code_of(make({"userName"}, {"meta"})), "invalid_value");
}

bool shows(
    const Names& attributes, const Names& excluded, std::string_view name, std::string_view type
) {
    const auto projection = make(attributes, excluded, type).value();
    return projection.shows(fixture().schemas->resolve(fixture().type(type), name).value());
}

TEST(Projection, TellsWhetherMembersMustBeLoaded) {
    EXPECT_TRUE(shows({}, {}, "members", "Group"));
    EXPECT_FALSE(shows({}, {"members"}, "members", "Group"));
    EXPECT_FALSE(shows({"displayName"}, {}, "members", "Group"));
    EXPECT_TRUE(shows({"members.value"}, {}, "members", "Group"));
    EXPECT_TRUE(shows({"members.value"}, {}, "members.value", "Group"));
    EXPECT_FALSE(shows({"members.value"}, {}, "members.display", "Group"));
    EXPECT_FALSE(shows({}, {"members.display"}, "members.display", "Group"));
    EXPECT_FALSE(shows({"password"}, {}, "password", "User"));
    EXPECT_TRUE(shows({}, {}, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "User")
    );
    EXPECT_FALSE(shows(
        {"userName"}, {}, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "User"
    ));
    EXPECT_TRUE(shows({"userName"}, {}, "id", "User"));
}

TEST(EntityTag, IsWeakAndHoldsTheVersion) {
    EXPECT_EQ(entity_tag(7), "W/\"7\"");
}

}  // namespace
}  // namespace bascule::scim
