#include <algorithm>

#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

constexpr const char* bulk_schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
constexpr const char* bulk_answer_schema = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

Json user_data(const std::string& name) {
    return {{"schemas", {user_schema}}, {"userName", name}};
}

Json group_data(const std::string& name, const std::vector<std::string>& members = {}) {
    return {{"schemas", {group_schema}}, {"displayName", name}, {"members", references(members)}};
}

Json post_of(const std::string& path, const std::string& bulk_id, Json data) {
    return {{"method", "POST"}, {"path", path}, {"bulkId", bulk_id}, {"data", std::move(data)}};
}

Json change_of(const std::string& method, const std::string& path, const Json& data = nullptr) {
    Json json{{"method", method}, {"path", path}};
    if (!data.is_null()) {
        json["data"] = data;
    }
    return json;
}

Json patch_of(const std::string& path, const Json& one_operation) {
    return change_of("PATCH", path, patch_message(Json::array({one_operation})));
}

class ScimBulk : public ScimServiceTest {
  protected:
    Answer bulk(
        const std::vector<Json>& operations, Json more = Json::object(), Headers headers = {}
    ) {
        more["schemas"] = {bulk_schema};
        more["Operations"] = operations;
        return post("/Bulk", more, std::move(headers));
    }
    /// The results; fails the test when the outer answer is not 200.
    std::vector<Json> results(const std::vector<Json>& operations, Json more = Json::object()) {
        const Answer answer = bulk(operations, std::move(more));
        EXPECT_EQ(answer.status, 200) << answer.text;
        return answer.body.value("Operations", std::vector<Json>{});
    }
    static std::vector<std::string> statuses(const std::vector<Json>& results) {
        std::vector<std::string> all;
        for (const Json& result : results) {
            all.push_back(result.value("status", ""));
        }
        return all;
    }
    static std::string id_of(const Json& result) {
        const std::string location = result.value("location", "");
        return location.substr(location.rfind('/') + 1);
    }
};

using Words = std::vector<std::string>;

TEST_F(ScimBulk, Check126_EveryOperationHasItsResult) {
    const std::string ann = add_user("ann");
    const Answer answer = bulk(
        {post_of("/Users", "one", user_data("bob")), post_of("/Users", "two", user_data("ann")),
         change_of("PUT", "/Users/" + ann, user_data("ann2")),
         patch_of("/Users/" + ann, operation("replace", "title", "t")),
         change_of("DELETE", "/Users/" + unknown_id()), change_of("DELETE", "/Users/" + ann)}
    );
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.content_type, "application/scim+json");
    EXPECT_EQ(answer.body["schemas"], Json({bulk_answer_schema}));
    const std::vector<Json> all = answer.body["Operations"];
    // By request order, the second PUT took the name that the failed POST wanted too late.
    EXPECT_EQ(statuses(all), (Words{"201", "409", "200", "200", "404", "204"}));
    EXPECT_EQ(all[0]["bulkId"], "one");
    EXPECT_EQ(all[0]["method"], "POST");
    EXPECT_EQ(all[0]["location"], "https://id.example.com/scim/v2/Users/" + id_of(all[0]));
    EXPECT_EQ(all[0]["version"], "W/\"1\"");
    EXPECT_FALSE(all[1].contains("location"));
    EXPECT_EQ(all[1]["response"]["schemas"], Json({error_schema}));
    EXPECT_EQ(all[1]["response"]["status"], "409");
    EXPECT_EQ(all[1]["response"]["scimType"], "uniqueness");
    EXPECT_FALSE(all[2].contains("bulkId"));
    EXPECT_FALSE(all[2].contains("response"));
    EXPECT_EQ(all[3]["version"], "W/\"3\"");
    EXPECT_EQ(all[4]["location"], "https://id.example.com/scim/v2/Users/" + unknown_id());
    EXPECT_EQ(get("/Users/" + id_of(all[0])).body["userName"], "bob");
    EXPECT_EQ(get("/Users/" + ann).status, 404);
}

TEST_F(ScimBulk, Check126_AllFailedIsStill200) {
    EXPECT_EQ(
        statuses(results({change_of("DELETE", "/Users/" + unknown_id()), change_of("PUT", "/Users")}
        )),
        (Words{"404", "400"})
    );
}

TEST_F(ScimBulk, Check126_AFailedOperationLeavesNothingBehind) {
    const std::string group = add_group("Sales");
    const std::string before = get("/Groups/" + group).text;
    const auto records = journal().size();
    Json message = patch_message(
        {operation("replace", "displayName", "New"),
         operation("add", "members", references({unknown_id()}))}
    );
    const auto all = results(
        {change_of("PATCH", "/Groups/" + group, message), post_of("/Users", "u", user_data("bob"))}
    );
    EXPECT_EQ(statuses(all), (Words{"400", "201"}));
    EXPECT_EQ(get("/Groups/" + group).text, before);
    EXPECT_EQ(journal().size(), records + 1);
}

TEST_F(ScimBulk, Check127_APostNeedsItsOwnBulkId) {
    Json nameless = post_of("/Users", "", user_data("ann"));
    nameless.erase("bulkId");
    const auto all = results({nameless, post_of("/Users", "b", user_data("bob"))});
    EXPECT_EQ(statuses(all), (Words{"400", "201"}));
    EXPECT_EQ(all[0]["response"]["scimType"], "invalidSyntax");

    const Answer twice =
        bulk({post_of("/Users", "x", user_data("cid")), post_of("/Users", "x", user_data("dan"))});
    EXPECT_EQ(twice.status, 400);
    EXPECT_EQ(twice.scim_type(), "invalidSyntax");
    EXPECT_EQ(get("/Users").body["totalResults"], 1);
}

TEST_F(ScimBulk, Check128_ReferencesBackwardInValuesPathsPatchesAndFilters) {
    const std::string other = add_user("other");
    const auto all = results({
        post_of("/Users", "u", user_data("ann")),
        post_of("/Users", "v", user_data("bob")),
        post_of("/Groups", "g", group_data("Sales", {"bulkId:u", "bulkId:v", other})),
        patch_of("/Users/bulkId:u", operation("replace", "title", "Boss")),
        patch_of(
            "/Users/bulkId:v",
            operation("add", std::string(enterprise_schema) + ":manager", {{"value", "bulkId:u"}})
        ),
        patch_of("/Groups/bulkId:g", operation("remove", "members[value eq \"bulkId:v\"]")),
        change_of(
            "PUT", "/Users/bulkId:v",
            {{"schemas", {user_schema, enterprise_schema}},
             {"userName", "bob2"},
             {enterprise_schema, {{"manager", {{"value", "bulkId:u"}}}}}}
        ),
    });
    EXPECT_EQ(statuses(all), (Words{"201", "201", "201", "200", "200", "204", "200"}));
    const std::string ann = id_of(all[0]);
    Words expected{ann, other};
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(members_of(id_of(all[2])), expected);
    EXPECT_EQ(get("/Users/" + ann).body["title"], "Boss");
    const Answer bob = get("/Users/" + id_of(all[1]));
    EXPECT_EQ(bob.body["userName"], "bob2");
    EXPECT_EQ(bob.body[enterprise_schema]["manager"]["value"], ann);
    EXPECT_EQ(all[3]["location"], "https://id.example.com/scim/v2/Users/" + ann);
}

TEST_F(ScimBulk, Check128_ReferencesForward) {
    const std::string group = add_group("Present");
    const auto all = results({
        post_of("/Groups", "g", group_data("Sales", {"bulkId:u"})),
        patch_of("/Groups/" + group, operation("add", "members", references({"bulkId:u"}))),
        patch_of("/Users/bulkId:u", operation("replace", "title", "Boss")),
        change_of("DELETE", "/Users/bulkId:w"),
        post_of("/Users", "u", user_data("ann")),
        post_of("/Users", "w", user_data("wes")),
    });
    EXPECT_EQ(statuses(all), (Words{"201", "204", "200", "204", "201", "201"}));
    const std::string ann = id_of(all[4]);
    EXPECT_EQ(members_of(id_of(all[0])), Words{ann});
    EXPECT_EQ(members_of(group), Words{ann});
    EXPECT_EQ(get("/Users/" + ann).body["title"], "Boss");
    EXPECT_EQ(get("/Users/" + id_of(all[5])).status, 404);
    EXPECT_EQ(get("/Users?filter=userName+eq+%22ann%22").body["totalResults"], 1);
}

TEST_F(ScimBulk, Check128_RoleAssignmentsMayPrecedeWhatTheyName) {
    const auto all = results({
        post_of(
            "/RoleAssignments", "r",
            {{"schemas", {role_schema}},
             {"role", "User Administrator"},
             {"principal", {{"value", "bulkId:g"}}},
             {"scope", {{"value", "bulkId:a"}}}}
        ),
        post_of(
            "/Groups", "g",
            {{"schemas", {group_schema, bascule_group_schema}},
             {"displayName", "Admins"},
             {bascule_group_schema, {{"roleAssignable", true}}}}
        ),
        post_of("/AdministrativeUnits", "a", {{"schemas", {unit_schema}}, {"displayName", "Unit"}}),
    });
    EXPECT_EQ(statuses(all), (Words{"201", "201", "201"})) << Json(all).dump();
    EXPECT_EQ(get("/RoleAssignments/" + id_of(all[0])).body["principal"]["value"], id_of(all[1]));
}

TEST_F(ScimBulk, Check128_OtherTextsThatLookLikeAReferenceStay) {
    Json data = user_data("ann");
    data["displayName"] = "bulkId:nobody";
    const auto all = results({post_of("/Users", "u", data)});
    EXPECT_EQ(statuses(all), Words{"201"});
    EXPECT_EQ(get("/Users/" + id_of(all[0])).body["displayName"], "bulkId:nobody");
}

TEST_F(ScimBulk, Check129_CircularReferencesAreResolved) {
    const auto all = results({
        post_of("/Groups", "a", group_data("A", {"bulkId:b"})),
        post_of("/Groups", "b", group_data("B", {"bulkId:c"})),
        post_of("/Groups", "c", group_data("C", {"bulkId:a"})),
    });
    EXPECT_EQ(statuses(all), (Words{"201", "201", "201"})) << Json(all).dump();
    EXPECT_EQ(members_of(id_of(all[0])), Words{id_of(all[1])});
    EXPECT_EQ(members_of(id_of(all[1])), Words{id_of(all[2])});
    EXPECT_EQ(members_of(id_of(all[2])), Words{id_of(all[0])});
    for (const Json& result : all) {
        const Answer group = get("/Groups/" + id_of(result));
        EXPECT_EQ(group.body["meta"]["version"], result["version"]);
        EXPECT_EQ(group.body["meta"]["created"], group.body["meta"]["lastModified"]);
    }
    EXPECT_EQ(get("/Groups").body["totalResults"], 3);
}

TEST_F(ScimBulk, Check129_ACircleWithAFailedPartFailsAsAWhole) {
    add_user("taken");
    const auto records = journal().size();
    Json manager = user_data("ann");
    manager["schemas"] = {user_schema, enterprise_schema};
    manager[enterprise_schema] = {{"manager", {{"value", "bulkId:b"}}}};
    Json taken = user_data("taken");
    taken["schemas"] = {user_schema, enterprise_schema};
    taken[enterprise_schema] = {{"manager", {{"value", "bulkId:a"}}}};
    const auto all = results({
        post_of("/Users", "a", manager),
        post_of("/Users", "b", taken),
        post_of("/Groups", "g", group_data("G", {"bulkId:a"})),
        post_of("/Users", "free", user_data("bob")),
    });
    EXPECT_EQ(statuses(all), (Words{"409", "409", "409", "201"})) << Json(all).dump();
    EXPECT_EQ(get("/Users").body["totalResults"], 2);
    EXPECT_EQ(get("/Groups").body["totalResults"], 0);
    EXPECT_EQ(journal().size(), records + 1);
}

TEST_F(ScimBulk, Check129_NothingIsItsOwnMember) {
    const auto all = results({post_of("/Groups", "a", group_data("A", {"bulkId:a"}))});
    EXPECT_EQ(statuses(all), Words{"400"});
    EXPECT_EQ(get("/Groups").body["totalResults"], 0);
}

TEST_F(ScimBulk, Check130_StopsAfterSoManyErrors) {
    const std::vector<Json> operations{
        change_of("DELETE", "/Users/" + unknown_id()), post_of("/Users", "a", user_data("ann")),
        change_of("DELETE", "/Users/" + unknown_id()), post_of("/Users", "b", user_data("bob"))};
    EXPECT_EQ(statuses(results(operations, {{"failOnErrors", 2}})), (Words{"404", "201", "404"}));
    EXPECT_EQ(get("/Users").body["totalResults"], 1);
    EXPECT_EQ(statuses(results(operations, {{"failOnErrors", 1}})), Words{"404"});
    EXPECT_EQ(statuses(results(operations)), (Words{"404", "409", "404", "201"}));
    EXPECT_EQ(bulk(operations, {{"failOnErrors", 0}}).status, 400);
    EXPECT_EQ(bulk(operations, {{"failOnErrors", "1"}}).scim_type(), "invalidValue");
}

TEST_F(ScimBulk, Check130_WhatLinksToAnOperationBehindTheEndFails) {
    const auto all = results(
        {post_of("/Groups", "g", group_data("G", {"bulkId:u"})),
         change_of("DELETE", "/Users/" + unknown_id()), post_of("/Users", "u", user_data("ann"))},
        {{"failOnErrors", 1}}
    );
    EXPECT_EQ(statuses(all), Words{"409"});
    EXPECT_EQ(get("/Groups").body["totalResults"], 0);
    EXPECT_EQ(get("/Users").body["totalResults"], 0);
}

TEST_F(ScimBulk, Check131_TooManyOperationsChangeNothing) {
    std::vector<Json> operations;
    for (int i = 0; i < 2001; ++i) {
        operations.push_back(post_of("/Users", std::to_string(i), user_data(std::to_string(i))));
    }
    const Answer answer = bulk(operations);
    EXPECT_EQ(answer.status, 413);
    EXPECT_NE(answer.detail().find("2000"), std::string::npos) << answer.detail();
    EXPECT_NE(answer.detail().find("maxOperations"), std::string::npos);
    EXPECT_EQ(get("/Users").body["totalResults"], 0);
}

TEST_F(ScimBulk, Check131_ATooLongBodyChangesNothing) {
    Json data = user_data("ann");
    data["title"] = std::string(std::size_t{17} << 20, 'x');
    const Answer answer =
        bulk({post_of("/Users", "u", user_data("bob")), post_of("/Users", "a", data)});
    EXPECT_EQ(answer.status, 413);
    EXPECT_NE(answer.detail().find("16777216"), std::string::npos) << answer.detail();
    EXPECT_EQ(get("/Users").body["totalResults"], 0);
}

TEST_F(ScimBulk, Check132_TheOrderOfTheRequestDecides) {
    const std::string ann = add_user("ann");
    const auto all = results({
        post_of("/Groups", "g", group_data("G", {"bulkId:u", ann})),
        change_of("PUT", "/Users/" + ann, user_data("ann2")),
        patch_of("/Groups/bulkId:g", operation("remove", "members")),
        post_of("/Users", "u", user_data("ann")),
        patch_of("/Groups/bulkId:g", operation("add", "members", references({ann}))),
    });
    EXPECT_EQ(statuses(all), (Words{"201", "200", "204", "201", "204"})) << Json(all).dump();
    EXPECT_EQ(members_of(id_of(all[0])), Words{ann});
    EXPECT_EQ(get("/Users/" + id_of(all[3])).body["userName"], "ann");
}

TEST_F(ScimBulk, Check132_LinksAcrossManyOperationsHold) {
    std::vector<Json> operations;
    for (int i = 0; i < 200; ++i) {
        const std::string number = std::to_string(i);
        // Every group has the user before, its own and one far ahead.
        operations.push_back(post_of(
            "/Groups", "g" + number,
            group_data(
                "G" + number, {"bulkId:u" + std::to_string((i + 199) % 200), "bulkId:u" + number,
                               "bulkId:u" + std::to_string((i + 120) % 200)}
            )
        ));
        operations.push_back(post_of("/Users", "u" + number, user_data("user" + number)));
    }
    const auto all = results(operations);
    ASSERT_EQ(all.size(), 400U);
    for (std::size_t i = 0; i < 200; ++i) {
        EXPECT_EQ(all[2 * i]["status"], "201");
        Words expected{
            id_of(all[2 * ((i + 199) % 200) + 1]), id_of(all[2 * i + 1]),
            id_of(all[2 * ((i + 120) % 200) + 1])};
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(members_of(id_of(all[2 * i])), expected);
    }
}

TEST_F(ScimBulk, Check133_ReferencesToFailedOrUnknownOperations) {
    add_user("taken");
    const auto all = results({
        post_of("/Users", "t", user_data("taken")),
        post_of("/Groups", "g", group_data("G", {"bulkId:t"})),
        patch_of("/Users/bulkId:t", operation("replace", "title", "x")),
        post_of("/Groups", "h", group_data("H", {"bulkId:nobody"})),
        patch_of("/Users/bulkId:nobody", operation("replace", "title", "x")),
        patch_of("/Groups/bulkId:h", operation("replace", "displayName", "x")),
    });
    EXPECT_EQ(statuses(all), (Words{"409", "409", "409", "400", "400", "409"}));
    EXPECT_EQ(all[3]["response"]["scimType"], "invalidValue");
    EXPECT_NE(all[1]["response"].value("detail", "").find("bulkId 't'"), std::string::npos);
    EXPECT_EQ(get("/Groups").body["totalResults"], 0);
}

TEST_F(ScimBulk, Check134_OnlyChangesOfResources) {
    const auto all = results({
        change_of("GET", "/Users"),
        post_of("/Bulk", "b", {{"x", 1}}),
        post_of("/Schemas", "s", {{"x", 1}}),
        change_of("PUT", "/ServiceProviderConfig", {{"x", 1}}),
        post_of("/Users/.search", "q", {{"x", 1}}),
        change_of("PATCH", "/Me", {{"x", 1}}),
        change_of("PUT", "/Users", {{"x", 1}}),
        post_of("/Users/" + unknown_id(), "p", user_data("x")),
        change_of("", "/Users"),
        change_of("DELETE", "/Nothing/1"),
        Json("text"),
        Json{{"method", 5}, {"path", "/Users"}},
    });
    EXPECT_EQ(
        statuses(all),
        (Words{"400", "400", "400", "400", "400", "400", "400", "400", "400", "404", "400", "400"})
    ) << Json(all).dump();
}

TEST_F(ScimBulk, Check135_VersionIsIfMatch) {
    const std::string ann = add_user("ann");
    Json stale = change_of("DELETE", "/Users/" + ann);
    stale["version"] = "W/\"9\"";
    Json fresh = patch_of("/Users/" + ann, operation("replace", "title", "t"));
    fresh["version"] = "W/\"1\"";
    EXPECT_EQ(statuses(results({stale, fresh, fresh})), (Words{"412", "200", "412"}));
}

TEST_F(ScimBulk, Check136_EachOperationNeedsItsScope) {
    const std::string synced = add_synced_user("sue");
    const std::string ann = add_user("ann");
    scopes_ = {"users:write"};
    const auto records = journal().size();
    const auto all = results({
        post_of("/Groups", "g", group_data("G")),
        post_of("/Users", "u", user_data("bob")),
        patch_of("/Users/" + synced, operation("replace", "displayName", "S")),
        post_of("/RoleAssignments", "r", {{"schemas", {role_schema}}}),
    });
    EXPECT_EQ(statuses(all), (Words{"403", "201", "400", "403"}));
    EXPECT_EQ(all[2]["response"]["scimType"], "mutability");
    const auto written = journal();
    ASSERT_EQ(written.size(), records + 4);
    EXPECT_EQ(written[records].outcome, directory::Outcome::refused);
    EXPECT_EQ(written[records].reason, "insufficient_scope");
    EXPECT_EQ(written[records + 2].reason, "mutability");
    authenticated_ = false;
    EXPECT_EQ(bulk({change_of("DELETE", "/Users/" + ann)}).status, 401);
}

TEST_F(ScimBulk, MessageMustBeABulkRequest) {
    EXPECT_EQ(send(http::Method::post, "/Bulk", "{").scim_type(), "invalidSyntax");
    EXPECT_EQ(bulk({}).scim_type(), "invalidSyntax");
    EXPECT_EQ(
        post("/Bulk", {{"Operations", {post_of("/Users", "u", user_data("ann"))}}}).status, 400
    );
    EXPECT_EQ(
        send(
            http::Method::post, "/Bulk",
            R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[)"
            R"({"method":"DELETE","path":"/Users/1","path":"/Users/2"}]})"
        )
            .scim_type(),
        "invalidSyntax"
    );
}

TEST_F(ScimBulk, PatchDataMayBeTheBareOperations) {
    const std::string ann = add_user("ann");
    const auto all = results(
        {change_of("PATCH", "/Users/" + ann, Json::array({operation("replace", "title", "t")})),
         change_of(
             "PATCH", "/Users/" + ann,
             {{"Operations", Json::array({operation("replace", "nickName", "n")})}}
         )}
    );
    EXPECT_EQ(statuses(all), (Words{"200", "200"}));
    EXPECT_EQ(get("/Users/" + ann).body["nickName"], "n");
}

TEST_F(ScimBulk, PasswordsOfObjectsFromTheSameRequestAreTaken) {
    const auto all = results({
        post_of("/Users", "u", user_data("ann")),
        patch_of("/Users/bulkId:u", operation("replace", "password", "Correct-Horse-7-Battery")),
        patch_of("/Users/bulkId:u", operation("replace", "password", "a")),
    });
    EXPECT_EQ(statuses(all), (Words{"201", "200", "400"})) << Json(all).dump();
    EXPECT_TRUE(signs_in("ann", "Correct-Horse-7-Battery"));
    EXPECT_FALSE(signs_in("ann", "a"));
}

TEST_F(ScimBulk, RepresentationIsGivenWhenAskedFor) {
    const Answer answer = bulk(
        {post_of("/Users", "u", user_data("ann")),
         patch_of("/Users/bulkId:u", operation("replace", "title", "t"))},
        {}, {{"prefer", "return=representation"}}
    );
    EXPECT_EQ(answer.header("Preference-Applied"), "return=representation");
    EXPECT_EQ(answer.body["Operations"][0]["response"]["userName"], "ann");
    EXPECT_FALSE(answer.body["Operations"][0]["response"].contains("title"));
    EXPECT_EQ(answer.body["Operations"][1]["response"]["title"], "t");
}

TEST_F(ScimBulk, Check170_DryRunOfManySeesWhatCameBeforeAndKeepsNothing) {
    const auto records = journal().size();
    const std::vector<Json> operations{
        post_of("/Groups", "g", group_data("G", {"bulkId:u"})),
        post_of("/Users", "u", user_data("ann")), post_of("/Users", "v", user_data("ANN")),
        patch_of("/Users/bulkId:u", operation("replace", "title", "t")),
        change_of("DELETE", "/Users/" + unknown_id())};
    const Answer dry = bulk(operations, {}, {{"prefer", "dry-run"}});
    EXPECT_EQ(dry.header("Preference-Applied"), "dry-run");
    EXPECT_EQ(statuses(dry.body["Operations"]), (Words{"201", "201", "409", "200", "404"}))
        << dry.text;
    EXPECT_EQ(get("/Users").body["totalResults"], 0);
    EXPECT_EQ(get("/Groups").body["totalResults"], 0);
    EXPECT_EQ(journal().size(), records);
    EXPECT_EQ(statuses(results(operations)), (Words{"201", "201", "409", "200", "404"}));
}

TEST_F(ScimBulk, Check149_OptionsAndOtherMethods) {
    const Answer options = send(http::Method::options, "/Bulk");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.header("Allow"), "POST, OPTIONS");
    EXPECT_EQ(get("/Bulk").status, 405);
}

TEST_F(ScimBulk, Check160_TheConfigurationSaysTheLimits) {
    const Answer config = get("/ServiceProviderConfig");
    EXPECT_EQ(config.body["bulk"]["supported"], true);
    EXPECT_GE(config.body["bulk"]["maxOperations"].get<int>(), 1000);
    EXPECT_GE(config.body["bulk"]["maxPayloadSize"].get<int>(), 1 << 20);
}

}  // namespace
}  // namespace bascule::scim::tests
