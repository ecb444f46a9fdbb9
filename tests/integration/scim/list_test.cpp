#include "tests/integration/scim/scim_fixture.hpp"

#include <set>

namespace bascule::scim::tests {
namespace {

class ScimList : public ScimServiceTest {
  protected:
    std::vector<std::string> names(const Answer& answer) {
        std::vector<std::string> list;
        for (const Json& resource : answer.body["Resources"]) {
            list.push_back(resource.value("userName", resource.value("displayName", "")));
        }
        return list;
    }
    void add_users(int count) {
        for (int i = 0; i < count; ++i) {
            add_user("user" + std::to_string(i));
        }
    }
};

using Names = std::vector<std::string>;

TEST_F(ScimList, Check033_NoMatchIsAnEmptyListWithNumbers) {
    for (const char* filter : {"userName%20eq%20%22nobody%22", "title%20eq%20%22none%22"}) {
        const Answer answer = get(std::string("/Users?filter=") + filter);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(
            answer.body, Json(
                             {{"schemas", {list_schema}},
                              {"totalResults", 0},
                              {"startIndex", 1},
                              {"itemsPerPage", 0},
                              {"Resources", Json::array()}}
                         )
        );
    }
}

TEST_F(ScimList, Check034_TotalResultsCountsAllMatches) {
    add_users(5);
    const Answer answer = get("/Users?count=2&filter=userName%20sw%20%22user%22");
    EXPECT_EQ(answer.body["totalResults"], 5);
    EXPECT_EQ(answer.body["itemsPerPage"], 2);
    EXPECT_EQ(answer.body["Resources"].size(), 2);
}

TEST_F(ScimList, Check035_StartIndexOutsideTheList) {
    add_users(3);
    EXPECT_EQ(get("/Users?startIndex=0").body["startIndex"], 1);
    EXPECT_EQ(get("/Users?startIndex=-5").body["Resources"].size(), 3);
    const Answer beyond = get("/Users?startIndex=9");
    EXPECT_EQ(beyond.body["totalResults"], 3);
    EXPECT_TRUE(beyond.body["Resources"].empty());
}

TEST_F(ScimList, Check036_CountBounds) {
    add_users(3);
    for (const char* count : {"0", "-3"}) {
        const Answer answer = get(std::string("/Users?count=") + count);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body["totalResults"], 3);
        EXPECT_TRUE(answer.body["Resources"].empty());
    }
    EXPECT_EQ(get("/Users?count=1000000").body["Resources"].size(), 3);
    EXPECT_EQ(get("/Users?count=0&filter=userName%20eq%20%22user1%22").body["totalResults"], 1);
}

TEST_F(ScimList, Check037_NumbersMustBeNumbers) {
    for (const char* query :
         {"startIndex=x", "count=1.5", "count=", "startIndex=99999999999999999999"}) {
        const Answer answer = get(std::string("/Users?") + query);
        EXPECT_EQ(answer.status, 400) << query;
        EXPECT_EQ(answer.scim_type(), "invalidValue") << query;
    }
}

TEST_F(ScimList, Check038_PagesCoverEverythingOnce) {
    add_users(7);
    std::multiset<std::string> seen;
    for (int start = 1; start <= 7; start += 3) {
        for (const std::string& name :
             names(get("/Users?count=3&startIndex=" + std::to_string(start)))) {
            seen.insert(name);
        }
    }
    EXPECT_EQ(
        seen,
        (std::multiset<std::string>{"user0", "user1", "user2", "user3", "user4", "user5", "user6"})
    );
}

TEST_F(ScimList, Check039_SortsByAttribute) {
    add_user("c", {{"name", {{"familyName", "alpha"}}}});
    add_user("b", {{"name", {{"familyName", "Beta"}}}});
    add_user("a");
    EXPECT_EQ(names(get("/Users?sortBy=userName")), (Names{"a", "b", "c"}));
    EXPECT_EQ(names(get("/Users?sortBy=userName&sortOrder=descending")), (Names{"c", "b", "a"}));
    EXPECT_EQ(names(get("/Users?sortBy=name.familyName")), (Names{"c", "b", "a"}));
    EXPECT_EQ(
        names(get("/Users?sortBy=name.familyName&sortOrder=descending")), (Names{"a", "b", "c"})
    );
    EXPECT_EQ(names(get("/Users?sortBy=meta.created")), (Names{"c", "b", "a"}));
}

TEST_F(ScimList, Check039_SortsByPrimaryElseFirstValue) {
    add_user("a", {{"emails", {{{"value", "z@x"}}, {{"value", "a@x"}, {"primary", true}}}}});
    add_user("b", {{"emails", {{{"value", "b@x"}}}}});
    EXPECT_EQ(names(get("/Users?sortBy=emails.value")), (Names{"a", "b"}));
    EXPECT_EQ(names(get("/Users?sortBy=emails&sortOrder=descending")), (Names{"b", "a"}));
}

TEST_F(ScimList, Check039_BadSortIsRefused) {
    EXPECT_EQ(get("/Users?sortBy=nothing").scim_type(), "invalidPath");
    EXPECT_EQ(get("/Users?sortBy=name").scim_type(), "invalidPath");
    EXPECT_EQ(get("/Users?sortBy=password").scim_type(), "invalidPath");
    EXPECT_EQ(get("/Users?sortBy=userName&sortOrder=up").scim_type(), "invalidValue");
}

TEST_F(ScimList, Check040_SearchByPost) {
    add_users(3);
    const Answer answer = post(
        "/Users/.search", {{"schemas", {search_schema}},
                           {"filter", "userName ge \"user1\""},
                           {"attributes", {"userName"}},
                           {"sortBy", "userName"},
                           {"sortOrder", "descending"},
                           {"startIndex", 1},
                           {"count", 1}}
    );
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["totalResults"], 2);
    EXPECT_EQ(names(answer), Names{"user2"});
    EXPECT_FALSE(answer.body["Resources"][0].contains("meta"));
}

TEST_F(ScimList, Check040_SearchNeedsItsSchema) {
    EXPECT_EQ(post("/Users/.search", {{"filter", "userName pr"}}).scim_type(), "invalidSyntax");
}

TEST_F(ScimList, Check041_RootSearchMixesTypes) {
    add_user("ann");
    add_group("Sales");
    const Answer all = get("/");
    EXPECT_EQ(all.body["totalResults"], 2);
    EXPECT_EQ(names(all), (Names{"ann", "Sales"}));
    EXPECT_EQ(names(get("/?filter=meta.resourceType%20eq%20%22Group%22")), Names{"Sales"});
    EXPECT_EQ(names(get("/?startIndex=2&count=1")), Names{"Sales"});
    EXPECT_EQ(
        names(post("/.search", {{"schemas", {search_schema}}, {"filter", "userName eq \"ann\""}})),
        Names{"ann"}
    );
}

TEST_F(ScimList, Check020_RootSearchTakesUnknownAttributesAsAbsent) {
    add_group("Sales");
    const Answer answer =
        get("/?filter=userName%20eq%20%22x%22%20or%20displayName%20eq%20%22sales%22");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(names(answer), Names{"Sales"});
}

TEST_F(ScimList, Check044_ExistenceQueryReturnsTheMatch) {
    const std::string id = add_user(
        "Ann@example.com", {{"emails", {{{"value", "ann+tag@example.com"}, {"type", "work"}}}}}
    );
    for (const char* filter :
         {"userName%20eq%20%22ann%40example.com%22", "USERNAME+eq+%22ANN%40EXAMPLE.COM%22",
          "emails%5Btype+eq+%22work%22%5D.value+eq+%22ann%2Btag%40example.com%22",
          "id+eq+%22{id}%22"}) {
        std::string query = std::string("/Users?startIndex=1&count=100&filter=") + filter;
        if (const auto at = query.find("{id}"); at != std::string::npos) {
            query.replace(at, 4, id);
        }
        const Answer answer = get(query);
        EXPECT_EQ(answer.body["totalResults"], 1) << filter;
        EXPECT_EQ(answer.body["Resources"][0]["id"], id) << filter;
    }
}

TEST_F(ScimList, Check023_ExternalIdIsCaseExact) {
    add_user("ann", {{"externalId", "00uABC"}});
    EXPECT_EQ(get("/Users?filter=externalId%20eq%20%2200uABC%22").body["totalResults"], 1);
    EXPECT_EQ(get("/Users?filter=externalId%20eq%20%2200uabc%22").body["totalResults"], 0);
}

TEST_F(ScimList, Check026_EmptyFilter) {
    EXPECT_EQ(get("/Users?filter=").scim_type(), "invalidFilter");
    EXPECT_EQ(get("/Users?filter=title%20xx%20%22a%22").scim_type(), "invalidFilter");
}

TEST_F(ScimList, Check025_PasswordCannotBeFiltered) {
    EXPECT_EQ(get("/Users?filter=password%20eq%20%22x%22").scim_type(), "invalidFilter");
}

TEST_F(ScimList, Check029_ParameterGivenTwice) {
    EXPECT_EQ(get("/Users?count=1&count=2").scim_type(), "invalidValue");
    EXPECT_EQ(get("/Users?filter=userName+pr&filter=title+pr").status, 400);
}

TEST_F(ScimList, GroupsAreFoundByMember) {
    const std::string ann = add_user("ann");
    add_group("Sales", {ann});
    add_group("Other");
    EXPECT_EQ(names(get("/Groups?filter=members.value%20eq%20%22" + ann + "%22")), Names{"Sales"});
}

TEST_F(ScimList, Check046_AlwaysAttributesStay) {
    add_user("ann");
    const Json only = get("/Users?attributes=title").body["Resources"][0];
    EXPECT_TRUE(only.contains("id"));
    EXPECT_TRUE(only.contains("schemas"));
    EXPECT_FALSE(only.contains("userName"));
    const Json without = get("/Users?excludedAttributes=id,schemas,userName").body["Resources"][0];
    EXPECT_TRUE(without.contains("id"));
    EXPECT_TRUE(without.contains("schemas"));
    EXPECT_FALSE(without.contains("userName"));
}

TEST_F(ScimList, Check047_PasswordIsNeverShown) {
    const std::string id = add_user("ann", {{"password", "correct horse battery"}});
    EXPECT_EQ(
        get("/Users/" + id + "?attributes=password,userName").text.find("assword"),
        std::string::npos
    );
    EXPECT_EQ(get("/Users/" + id).text.find("assword"), std::string::npos);
}

TEST_F(ScimList, Check049_AttributesAndExcludedAttributesTogether) {
    const std::string id = add_user("ann");
    for (const std::string& path : {std::string("/Users"), "/Users/" + id}) {
        EXPECT_EQ(
            get(path + "?attributes=title&excludedAttributes=name").scim_type(), "invalidValue"
        );
    }
}

TEST_F(ScimList, Check050_SubAttributesAndUrnForms) {
    const std::string id = add_user(
        "ann", {{"name", {{"familyName", "Lee"}, {"givenName", "Ann"}}},
                {"emails", {{{"value", "a@x"}, {"type", "work"}}}},
                {enterprise_schema, {{"department", "R&D"}, {"division", "North"}}}}
    );
    const Json shown = get("/Users/" + id + "?attributes=NAME.familyname,emails.value," +
                           enterprise_schema + ":department")
                           .body;
    EXPECT_EQ(shown["name"], Json({{"familyName", "Lee"}}));
    EXPECT_EQ(shown["emails"], Json::array({{{"value", "a@x"}}}));
    EXPECT_EQ(shown[enterprise_schema], Json({{"department", "R&D"}}));
    EXPECT_FALSE(shown.contains("userName"));
}

TEST_F(ScimList, Check051_ProjectionOnWrites) {
    const Answer created = post(
        "/Users?attributes=userName",
        {{"schemas", {user_schema}}, {"userName", "ann"}, {"title", "x"}}
    );
    EXPECT_FALSE(created.body.contains("title"));
    const std::string path = "/Users/" + created.body["id"].get<std::string>();
    EXPECT_FALSE(patch(path + "?excludedAttributes=title", Json{operation("replace", "title", "y")})
                     .body.contains("title"));
}

TEST_F(ScimList, Check052_ExcludedMembersAreLeftOut) {
    const std::string group = add_group("Sales", {add_user("ann")});
    EXPECT_FALSE(get("/Groups/" + group + "?excludedAttributes=members").body.contains("members"));
    EXPECT_FALSE(get("/Groups?excludedAttributes=members").body["Resources"][0].contains("members")
    );
    EXPECT_TRUE(get("/Groups?attributes=members").body["Resources"][0].contains("members"));
}

TEST_F(ScimList, Check053_UnknownNamesAreIgnored) {
    add_user("ann");
    EXPECT_TRUE(get("/Users?attributes=userName,nothing").body["Resources"][0].contains("userName")
    );
    EXPECT_EQ(get("/Users?excludedAttributes=nothing.at.all").status, 200);
}

TEST_F(ScimList, Check054_StrippedExtensionDisappears) {
    const std::string id = add_user("ann", {{enterprise_schema, {{"department", "R&D"}}}});
    const Json shown =
        get("/Users/" + id + "?excludedAttributes=" + enterprise_schema + ":department").body;
    EXPECT_FALSE(shown.contains(enterprise_schema));
    EXPECT_EQ(shown["schemas"], Json{user_schema});
}

TEST_F(ScimList, Check055_MetaCanBeExcludedAndNarrowed) {
    const std::string id = add_user("ann");
    EXPECT_FALSE(get("/Users/" + id + "?excludedAttributes=meta").body.contains("meta"));
    const Json meta = get("/Users/" + id + "?attributes=meta.version").body["meta"];
    EXPECT_EQ(meta.size(), 1);
    EXPECT_TRUE(meta.contains("version"));
}

}  // namespace
}  // namespace bascule::scim::tests
