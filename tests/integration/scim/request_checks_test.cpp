#include <fstream>
#include <tuple>

#include "tests/integration/scim/profile_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimRequests : public ScimProfileTest {
  protected:
    Answer filtered(const std::string& filter) {
        std::string encoded;
        for (const char c : filter) {
            encoded += c == ' ' ? "%20" : c == '"' ? "%22" : std::string(1, c);
        }
        return get("/Users?filter=" + encoded);
    }
};

TEST_F(ScimRequests, Check028_LiteralsOfAnotherTypeNeedTheProfile) {
    add_user("ann", {{"title", "5"}, {"active", true}, {"name", {{"familyName", "Employee"}}}});
    const char* const loose[] = {
        "active eq \"True\"", "title eq 5", "name.familyName eq Employee",
        "(name.familyName eq Employee) and title pr", "emails[type eq work] or userName eq ann"};
    for (const char* filter : loose) {
        EXPECT_EQ(filtered(filter).scim_type(), "invalidFilter") << filter;
    }
    use("loose_literals-accept");
    for (const char* filter : loose) {
        EXPECT_EQ(filtered(filter).body["totalResults"], 1) << filter;
    }
    EXPECT_EQ(filtered("active eq perhaps").scim_type(), "invalidFilter");
}

TEST_F(ScimRequests, Check028_LiteralsInPaths) {
    use("loose_literals-accept");
    const Answer answer = patch_fresh(
        {{"emails", {{{"value", "a@x"}, {"primary", true}}}}},
        operation("replace", "emails[primary eq \"True\"].value", "b@x")
    );
    EXPECT_EQ(answer.body["emails"][0]["value"], "b@x");
}

TEST_F(ScimRequests, UnknownFilterAttributeIsRefusedOrUnassigned) {
    add_user("ann");
    EXPECT_EQ(filtered("shoeSize eq \"44\"").scim_type(), "invalidFilter");
    use("unknown_filter_attribute-accept");
    EXPECT_EQ(filtered("shoeSize eq \"44\"").body["totalResults"], 0);
    EXPECT_EQ(filtered("not (shoeSize pr)").body["totalResults"], 1);
}

TEST_F(ScimRequests, OperatorsCanBeLimited) {
    add_user("ann", {{"title", "x"}});
    use("filter_operators-eq_and");
    EXPECT_EQ(filtered("userName eq \"ann\" and title eq \"x\"").body["totalResults"], 1);
    for (const char* filter :
         {"userName sw \"a\"", "userName eq \"a\" or title pr", "not (userName eq \"a\")"}) {
        const Answer refused = filtered(filter);
        EXPECT_EQ(refused.scim_type(), "invalidFilter") << filter;
        EXPECT_TRUE(names_switch(refused, "filter_operators-eq_and", "filter_operators"));
    }
}

TEST_F(ScimRequests, UnreadableTypeIsForbiddenOrEmpty) {
    add_group("Sales");
    scopes_ = {"users:write"};
    EXPECT_EQ(get("/Groups").status, 403);
    use("list_without_scope-accept");
    const Answer empty = get("/Groups?filter=displayName%20eq%20%22Sales%22");
    EXPECT_EQ(empty.status, 200);
    EXPECT_EQ(empty.body["totalResults"], 0);
    EXPECT_EQ(empty.body["Resources"], Json::array());
    EXPECT_EQ(post("/Groups", {{"schemas", {group_schema}}, {"displayName", "x"}}).status, 403);
}

TEST_F(ScimRequests, PagesAreAsLongAsTheProfileSays) {
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        add_user(name);
    }
    use("three-a-page");
    for (const char* target : {"/Users", "/Users?count=100"}) {
        const Answer page = get(target);
        EXPECT_EQ(page.body["itemsPerPage"], 3) << target;
        EXPECT_EQ(page.body["totalResults"], 5) << target;
    }
    EXPECT_EQ(get("/Users?count=2").body["itemsPerPage"], 2);
    use("lenient");
    EXPECT_EQ(get("/Users").body["itemsPerPage"], 5);
}

TEST_F(ScimRequests, Check123_DeleteGuardedByVersion) {
    const std::string path = "/Users/" + add_user("ann");
    EXPECT_EQ(remove(path, {{"if-match", "W/\"0\""}}).status, 412);
    EXPECT_EQ(remove(path, {{"if-match", get(path).header("ETag")}}).status, 204);
}

TEST_F(ScimRequests, Check138_EachFaultHasItsType) {
    const std::string path = "/Users/" + add_user("ann");
    const auto patched = [&](const Json& one) { return patch(path, Json{one}); };
    const std::tuple<Answer, int, const char*> faults[] = {
        {filtered("userName xx \"a\""), 400, "invalidFilter"},
        {post("/Users", {{"userName", "ANN"}}), 409, "uniqueness"},
        {patched(operation("replace", "id", "x")), 400, "mutability"},
        {patched(operation("jump", "title", "x")), 400, "invalidSyntax"},
        {patched(operation("add", "title]", "x")), 400, "invalidPath"},
        {patched(operation("remove", "")), 400, "noTarget"},
        {post("/Users", {{"title", "x"}}), 400, "invalidValue"},
    };
    for (const auto& [answer, status, type] : faults) {
        EXPECT_EQ(answer.status, status) << answer.text;
        EXPECT_EQ(answer.scim_type(), type) << answer.text;
        EXPECT_EQ(answer.body["status"], std::to_string(status));
        EXPECT_FALSE(answer.detail().empty());
    }
    const Answer missing = get("/Users/" + unknown_id());
    EXPECT_EQ(missing.status, 404);
    EXPECT_FALSE(missing.body.contains("scimType"));
}

TEST_F(ScimRequests, VersionCanBeRequired) {
    const std::string path = "/Users/" + add_user("ann");
    use("entity_tags-required");
    const Json body{{"schemas", {user_schema}}, {"userName", "ann"}, {"title", "x"}};
    const Answer refused = put(path, body);
    EXPECT_EQ(refused.status, 428);
    EXPECT_TRUE(names_switch(refused, "entity_tags-required", "entity_tags"));
    EXPECT_EQ(patch(path, Json{operation("add", "title", "x")}).status, 428);
    EXPECT_EQ(remove(path).status, 428);
    EXPECT_EQ(put(path, body, {{"if-match", get(path).header("ETag")}}).status, 200);
    EXPECT_EQ(remove(path, {{"if-match", "*"}}).status, 204);
}

TEST_F(ScimRequests, Check150_LowerCaseAndTrailingSlash) {
    const std::string id = add_user("ann");
    const std::string spellings[] = {"/users", "/users/" + id, "/Users/", "/Users/" + id + "/"};
    for (const std::string& target : spellings) {
        EXPECT_EQ(get(target).status, 200) << target;
    }
    use("endpoint_spelling-refuse");
    for (const std::string& target : spellings) {
        const Answer refused = get(target);
        EXPECT_EQ(refused.status, 404) << target;
        EXPECT_TRUE(names_switch(refused, "endpoint_spelling-refuse", "endpoint_spelling"));
    }
    EXPECT_EQ(get("/Users/" + id).status, 200);
    EXPECT_EQ(get("/USERS").status, 404);
}

TEST_F(ScimRequests, Check150_DiscoveryInLowerCase) {
    authenticated_ = false;
    for (const char* target :
         {"/schemas", "/resourcetypes", "/serviceproviderconfig", "/resourcetypes/User",
          "/schemas/urn:ietf:params:scim:schemas:core:2.0:User"}) {
        EXPECT_EQ(get(target).status, 200) << target;
    }
}

TEST_F(ScimRequests, EntraFlagsInTheAddressAreNoParameters) {
    const std::string id = add_user("ann");
    use("entra");
    for (const char* flag : {"aadOptscim062020", "AzureAdScimPatch2017"}) {
        const std::string question = "?" + std::string(flag);
        EXPECT_EQ(
            get("/Users" + question + "&filter=userName%20eq%20%22ann%22").body["totalResults"], 1
        );
        EXPECT_EQ(get("/Users/" + id + question).status, 200);
        EXPECT_EQ(
            patch("/Users/" + id + question, Json{operation("Replace", "active", "False")})
                .body["active"],
            false
        );
    }
}

TEST_F(ScimRequests, BulkOperationsFollowTheProfile) {
    const Json create{
        {"method", "POST"},
        {"path", "/Users"},
        {"bulkId", "a"},
        {"data", {{"schemas", {user_schema}}, {"userName", "ann"}, {"colour", "x"}}}};
    const Json bulk{
        {"schemas", {"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}},
        {"Operations", Json::array({create})}};
    use("unknown_attributes-refuse");
    EXPECT_EQ(post("/Bulk", bulk).body["Operations"][0]["status"], "400");
    use("unknown_attributes-accept");
    EXPECT_EQ(post("/Bulk", bulk).body["Operations"][0]["status"], "201");
}

TEST_F(ScimRequests, ProfileOfATokenIsShownAndChanged) {
    use("strict");
    EXPECT_EQ(get("/users").status, 404);
    EXPECT_NE(daemon_.command({"token", "list"}).output.find("strict"), std::string::npos);
    EXPECT_EQ(daemon_.command({"token", "set", "entra", "--profile", "lenient"}).exit_code, 0);
    EXPECT_EQ(get("/users").status, 200);
    const auto unknown = daemon_.command({"token", "set", "entra", "--profile", "strickt"});
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_NE(unknown.output.find("did you mean 'strict'"), std::string::npos) << unknown.output;
    EXPECT_EQ(
        daemon_
            .command({"token", "create", "--name", "x", "--scope", "users:read", "--profile", "no"})
            .exit_code,
        1
    );
}

TEST(ProfileConfiguration, FaultsAreFoundWithTheirPlaces) {
    const std::string file = testing::TempDir() + "profiles.yaml";
    std::ofstream(file) << "server: { public_url: https://id.example.com }\n"
                           "sources: [ { name: corp, servers: [ldaps://a], base: dc=a } ]\n"
                           "scim:\n"
                           "  default_profile: entrra\n"
                           "  profiles:\n"
                           "    hr: { base: strict, unknown_pat: accept, put: maybe }\n"
                           "    it: { base: nobody }\n";
    const auto checked = test::run_program({BASCULE_PROGRAM, "check", file});
    EXPECT_EQ(checked.exit_code, 1);
    for (const char* line :
         {":4:3  scim.default_profile", "did you mean 'entra'?",
          ":6:25  scim.profiles.hr.unknown_pat", "did you mean \"unknown_path\"?",
          ":6:46  scim.profiles.hr.put", "expected accept or refuse, found \"maybe\"",
          ":7:5  scim.profiles.it.base"}) {
        EXPECT_NE(checked.output.find(line), std::string::npos) << line << "\n" << checked.output;
    }
}

}  // namespace
}  // namespace bascule::scim::tests
