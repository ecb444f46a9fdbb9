#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

/// A client that may not read phone numbers, given names and the department.
class AttributeAccess : public ScimServiceTest {
  protected:
    AttributeAccess() {
        id_ = add_user(
            "ann", {{"displayName", "Ann Smith"},
                    {"name", {{"givenName", "Ann"}, {"familyName", "Smith"}}},
                    {"phoneNumbers", {{{"value", "+1 555 0100"}, {"type", "work"}}}},
                    {"emails", {{{"value", "ann@example.com"}, {"type", "work"}}}},
                    {"title", "Engineer"},
                    {enterprise_schema, {{"department", "Sales"}, {"costCenter", "4130"}}}}
        );
    }
    void hide() {
        options_ = {
            "--no-read",
            std::string("phoneNumbers,name.givenName,") + enterprise_schema + ":department"};
    }
    void see_all() { options_ = {}; }
    Json whole() {
        const auto options = std::exchange(options_, {});
        Json body = get("/Users/" + id_).body;
        options_ = options;
        return body;
    }
    std::string one() const { return "/Users/" + id_; }
    std::string id_;
};

/// What differs between answers to the same request about different names.
std::string without(std::string text, const std::string& name) {
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;) {
        text.erase(at, name.size());
    }
    return text;
}

TEST_F(AttributeAccess, Check163_HiddenAttributesAreAbsentFromEveryAnswer) {
    hide();
    for (const std::string& target :
         {one(), one() + "?attributes=phoneNumbers,name,userName," + enterprise_schema,
          std::string("/Users?filter=userName%20eq%20%22ann%22"), std::string("/Users"),
          std::string("/")}) {
        const std::string text = get(target).text;
        EXPECT_EQ(text.find("0100"), std::string::npos) << target << text;
        EXPECT_EQ(text.find("givenName"), std::string::npos) << target << text;
        EXPECT_EQ(text.find("\"department\""), std::string::npos) << target << text;
    }
    const Json user = get(one()).body;
    EXPECT_EQ(user["name"]["familyName"], "Smith");
    EXPECT_EQ(user[enterprise_schema], (Json{{"costCenter", "4130"}}));
    EXPECT_EQ(
        patch(one(), Json{operation("replace", "title", "Head")}).text.find("0100"),
        std::string::npos
    );
}

TEST_F(AttributeAccess, Check164_HiddenNamesInFiltersAnswerAsUnknownOnes) {
    hide();
    for (const auto& [hidden, unknown] : std::vector<std::pair<std::string, std::string>>{
             {"phoneNumbers", "phoneNumberz"},
             {"phoneNumbers.value", "phoneNumberz.value"},
             {"name.givenName", "name.givenNamz"},
             {std::string(enterprise_schema) + ":department",
              std::string(enterprise_schema) + ":departmenz"}}) {
        for (const std::string rest : {"%20pr", "%20eq%20%22x%22", "%20eq%20%22Ann%22"}) {
            const Answer of_hidden = get("/Users?filter=" + hidden + rest);
            const Answer of_unknown = get("/Users?filter=" + unknown + rest);
            EXPECT_EQ(of_hidden.status, 400) << hidden;
            EXPECT_EQ(of_hidden.scim_type(), "invalidFilter");
            EXPECT_EQ(without(of_hidden.text, hidden), without(of_unknown.text, unknown));
        }
    }
    EXPECT_EQ(get("/Users?filter=phoneNumbers%5Btype%20eq%20%22work%22%5D").status, 400);
    EXPECT_EQ(
        post(
            "/Users/.search", {{"schemas", {search_schema}}, {"filter", "phoneNumbers pr"}}
        ).status,
        400
    );
    // Over several types an unknown attribute is unassigned.
    EXPECT_EQ(get("/?filter=phoneNumbers%20pr").body["totalResults"], 0);
    see_all();
    EXPECT_EQ(get("/Users?filter=phoneNumbers%20pr").body["totalResults"], 1);
}

TEST_F(AttributeAccess, Check164_HiddenNamesInSortingAnswerAsUnknownOnes) {
    hide();
    const Answer hidden = get("/Users?sortBy=name.givenName");
    const Answer unknown = get("/Users?sortBy=name.givenNamz");
    EXPECT_EQ(hidden.status, 400);
    EXPECT_EQ(without(hidden.text, "name.givenName"), without(unknown.text, "name.givenNamz"));
    EXPECT_EQ(get("/Users?sortBy=name.familyName").status, 200);
}

TEST_F(AttributeAccess, Check164_HiddenNamesInPathsAndConditionsAnswerAsUnknownOnes) {
    hide();
    const auto answer = [&](const std::string& path) {
        return patch(one(), Json{operation("replace", path, "x")});
    };
    for (const auto& [hidden, unknown] : std::vector<std::pair<std::string, std::string>>{
             {"phoneNumbers", "phoneNumberz"},
             {"phoneNumbers[type eq \"work\"].value", "phoneNumberz[type eq \"work\"].value"},
             {"name.givenName", "name.givenNamz"}}) {
        EXPECT_EQ(answer(hidden).status, answer(unknown).status) << hidden;
        EXPECT_EQ(answer(hidden).scim_type(), answer(unknown).scim_type()) << hidden;
    }
    options_ = {"--no-read", "emails.type"};
    EXPECT_EQ(answer("emails[type eq \"work\"].value").status, 400);
    EXPECT_EQ(answer("emails[typo eq \"work\"].value").status, 400);
}

TEST_F(AttributeAccess, Check164_TotalsTellNothingOfHiddenAttributes) {
    add_user("bob", {{"displayName", "Bob"}});
    hide();
    EXPECT_EQ(get("/Users?filter=not%20(phoneNumbers%20pr)&count=0").status, 400);
    EXPECT_EQ(get("/Users?count=0").body["totalResults"], 2);
}

TEST_F(AttributeAccess, Check164_WritesLeaveHiddenAttributesAsTheyAre) {
    const Json before = whole();
    hide();
    EXPECT_EQ(patch(one(), Json{operation("replace", "title", "Head")}).status, 200);
    EXPECT_EQ(patch(one(), Json{operation("remove", "name.familyName")}).status, 200);
    EXPECT_EQ(
        patch(one(), Json{operation("remove", std::string(enterprise_schema) + ":costCenter")})
            .status,
        200
    );
    Json after = whole();
    EXPECT_EQ(after["title"], "Head");
    EXPECT_EQ(after["phoneNumbers"], before["phoneNumbers"]);
    EXPECT_EQ(after["name"], (Json{{"givenName", "Ann"}}));
    EXPECT_EQ(after[enterprise_schema], (Json{{"department", "Sales"}}));
    const Json put_body{
        {"schemas", {user_schema}}, {"userName", "ann"}, {"phoneNumbers", Json::array()}};
    EXPECT_EQ(put(one(), put_body).status, 200);
    after = whole();
    EXPECT_FALSE(after.contains("title"));
    EXPECT_EQ(after["phoneNumbers"], before["phoneNumbers"]);
    EXPECT_EQ(after["name"], (Json{{"givenName", "Ann"}}));
    EXPECT_EQ(after[enterprise_schema], (Json{{"department", "Sales"}}));
}

TEST_F(AttributeAccess, Check164_ListsSeenInPartKeepTheirHiddenParts) {
    const Json before = whole();
    options_ = {"--no-read", "emails.value"};
    EXPECT_EQ(get(one()).body["emails"], (Json{{{"type", "work"}}}));
    EXPECT_EQ(patch(one(), Json{operation("replace", "title", "Head")}).status, 200);
    EXPECT_EQ(whole()["emails"], before["emails"]);
    const Answer changed = patch(one(), Json{operation("remove", "emails")});
    EXPECT_EQ(changed.status, 403);
    EXPECT_NE(changed.detail().find("'emails'"), std::string::npos);
    EXPECT_EQ(whole()["emails"], before["emails"]);
}

TEST_F(AttributeAccess, Check164_MembersAreNamedOnlyToWhoMayReadNames) {
    const std::string group = add_group("Sales", {id_});
    EXPECT_EQ(get("/Groups/" + group).body["members"][0]["display"], "Ann Smith");
    options_ = {"--read", "userName,members,groups"};
    EXPECT_EQ(get("/Groups/" + group).text.find("Ann Smith"), std::string::npos);
    EXPECT_EQ(get("/Groups/" + group).body["members"][0]["value"], id_);
    EXPECT_EQ(get(one()).text.find("Sales"), std::string::npos);
}

TEST_F(AttributeAccess, Check163_OnlyNamedAttributesAreRead) {
    options_ = {"--read", "userName,name.familyName"};
    const Json user = get(one()).body;
    EXPECT_EQ(user["userName"], "ann");
    EXPECT_EQ(user["name"], (Json{{"familyName", "Smith"}}));
    EXPECT_EQ(user["id"], id_);
    EXPECT_TRUE(user.contains("meta"));
    EXPECT_FALSE(user.contains("emails"));
    EXPECT_EQ(user["schemas"], Json{user_schema});
    EXPECT_EQ(get("/Users?filter=userName%20eq%20%22ann%22").body["totalResults"], 1);
    EXPECT_EQ(get("/Users?filter=title%20pr").status, 400);
}

TEST_F(AttributeAccess, Check163_HiddenRequiredAttributesStopCreation) {
    options_ = {"--no-read", "userName"};
    const Answer answer = post("/Users", {{"schemas", {user_schema}}, {"userName", "eve"}});
    EXPECT_EQ(answer.status, 403);
    EXPECT_NE(answer.detail().find("'userName'"), std::string::npos);
}

TEST_F(AttributeAccess, Check163_WritesBeyondTheRightsAre403WithTheName) {
    options_ = {"--write", "phoneNumbers,name.familyName"};
    EXPECT_EQ(patch(one(), Json{operation("replace", "name.familyName", "Jones")}).status, 200);
    EXPECT_EQ(patch(one(), Json{operation("remove", "phoneNumbers")}).status, 200);
    for (const auto& [path, value] : std::vector<std::pair<std::string, Json>>{
             {"title", "Head"},
             {"name.givenName", "Anna"},
             {"userName", "anna"},
             {"password", "Correct-Horse-9-Battery"},
             {std::string(enterprise_schema) + ":department", "IT"}}) {
        const Answer answer = patch(one(), Json{operation("replace", path, value)});
        EXPECT_EQ(answer.status, 403) << path;
        EXPECT_NE(answer.detail().find(path), std::string::npos) << answer.detail();
    }
    EXPECT_EQ(patch(one(), Json{operation("replace", "title", "Engineer")}).status, 200)
        << "unchanged";
    EXPECT_EQ(remove(one()).status, 403);
    EXPECT_EQ(post("/Users", {{"schemas", {user_schema}}, {"userName", "eve"}}).status, 403);
    EXPECT_EQ(last_record().reason, "attribute_not_writable");
}

TEST_F(AttributeAccess, Check163_ReplacingKeepsWhatMayNotBeWritten) {
    options_ = {"--no-write", "title,emails"};
    const Json body{{"schemas", {user_schema}}, {"userName", "ann"}};
    EXPECT_EQ(put(one(), body).status, 200);
    const Json after = whole();
    EXPECT_EQ(after["title"], "Engineer");
    EXPECT_TRUE(after.contains("emails"));
    EXPECT_FALSE(after.contains("phoneNumbers"));
    Json other = body;
    other["title"] = "Head";
    EXPECT_EQ(put(one(), other).status, 403);
}

TEST_F(AttributeAccess, Check163_MembersNeedTheRightToo) {
    const std::string group = add_group("Sales", {id_});
    const std::string bob = add_user("bob");
    options_ = {"--no-write", "members"};
    const Answer added =
        patch("/Groups/" + group, Json{operation("add", "members", references({bob}))});
    EXPECT_EQ(added.status, 403);
    EXPECT_NE(added.detail().find("'members'"), std::string::npos);
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("add", "members", references({id_}))}).status, 204
    );
    EXPECT_EQ(
        put("/Groups/" + group, {{"schemas", {group_schema}}, {"displayName", "Sold"}}).status, 200
    );
    EXPECT_EQ(members_of(group), std::vector<std::string>{id_});
}

TEST_F(AttributeAccess, Check165_RolesAndEntitlementsNeedTheirOwnScope) {
    const Json role = {{{"value", "admin"}}};
    EXPECT_EQ(patch(one(), Json{operation("add", "roles", role)}).status, 200);
    scopes_ = {"users:write"};
    for (const std::string name : {"roles", "entitlements"}) {
        const Answer answer = patch(one(), Json{operation("add", name, {{{"value", "root"}}})});
        EXPECT_EQ(answer.status, 403) << name;
        EXPECT_NE(answer.detail().find("privileges:write"), std::string::npos);
        EXPECT_NE(answer.detail().find(name), std::string::npos);
    }
    EXPECT_EQ(patch(one(), Json{operation("remove", "roles")}).status, 403);
    Json user{{"schemas", {user_schema}}, {"userName", "eve"}, {"roles", role}};
    EXPECT_EQ(post("/Users", user).status, 403);
    user["roles"] = Json::array();
    EXPECT_EQ(post("/Users", user).status, 201);
    EXPECT_EQ(put(one(), {{"schemas", {user_schema}}, {"userName", "ann"}}).status, 200);
    EXPECT_EQ(get(one()).body["roles"], role) << "left out is kept";
    EXPECT_EQ(patch(one(), Json{operation("replace", "roles", role)}).status, 200) << "unchanged";
}

TEST_F(AttributeAccess, Check165_ClientsSetNeitherMetaNorIdNorGroups) {
    const Json before = whole();
    for (const std::string path : {"id", "meta", "meta.created", "groups"}) {
        const Answer answer = patch(one(), Json{operation("replace", path, "x")});
        EXPECT_EQ(answer.status, 400) << path;
        EXPECT_EQ(answer.scim_type(), "mutability") << path;
    }
    EXPECT_EQ(whole(), before);
}

}  // namespace
}  // namespace bascule::scim::tests
