// Schemas that come, change and go while there are data, and schemas that are wrong.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/integration/scim/own_types_fixture.hpp"

namespace bascule::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string read_file(const std::string& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

class OwnTypesLifecycle : public OwnTypes {
  protected:
    OwnTypesLifecycle() : OwnTypes("") {}

    void SetUp() override {
        OwnTypes::SetUp();
        configuration_ = read_file(daemon_.configuration());
    }
    /// Schema files in the daemon's folder, so that they can be changed.
    std::string schema(const std::string& name, const std::string& text) {
        const std::string path = daemon_.folder() + "/" + name + ".json";
        std::ofstream(path) << text;
        return path;
    }
    void configure(const std::string& scim) {
        std::ofstream(daemon_.configuration()) << configuration_ << scim;
    }
    [[nodiscard]] std::size_t log_count(const std::string& text) const {
        const std::string log = read_file(daemon_.log_file());
        std::size_t count = 0;
        for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) {
            ++count;
        }
        return count;
    }
    /// SIGHUP, then waits for the word in the log.
    void reload(const std::string& word) {
        const std::size_t before = log_count(word);
        daemon_.signal(SIGHUP);
        wait_until(word, std::chrono::seconds(60), [&] { return log_count(word) > before; });
    }
    /// Starts a daemon that must refuse; what it logged.
    std::string refused_start() {
        const std::size_t before = read_file(daemon_.log_file()).size();
        const ProcessResult result =
            run_program({BASCULE_PROGRAM, "serve", "--config", daemon_.configuration()});
        EXPECT_EQ(result.exit_code, 2) << result.output;
        return result.output + read_file(daemon_.log_file()).substr(before);
    }
    [[nodiscard]] ProcessResult check() const {
        return run_program({BASCULE_PROGRAM, "check", daemon_.configuration()});
    }

    static std::string thing(const std::string& attributes) {
        return R"({"id":"urn:example:Thing","name":"Thing","attributes":[)" + attributes + "]}";
    }
    static std::string thing_type(const std::string& path) {
        return "scim:\n  schemas: [" + path +
               "]\n  resource_types:\n    - { name: Thing, endpoint: /Things, schema: "
               "\"urn:example:Thing\" }\n";
    }

    std::string configuration_;
};

TEST_F(OwnTypesLifecycle, AReloadAddsTypesAndExtensions) {
    start("users:write,admin:write");
    const std::string before = add_user("before");
    EXPECT_EQ(get("/Gauges").status, 404);
    configure(company_schemas());
    reload("reloaded");
    EXPECT_EQ(get("/Gauges").status, 403) << "the token has no scope for it";
    daemon_.use_token("gauges", "users:write,gauges:write");
    const std::string gauge_id = add_gauge("g", {{"count", 3}});
    EXPECT_THAT(found("count gt 2"), ElementsAre("g"));
    const Json badge{{"number", 1}, {"gauges", {{{"value", gauge_id}}}}};
    const HttpAnswer answer = patch(
        "/Users/" + before, Json::array({{{"op", "add"}, {"path", badge_schema}, {"value", badge}}})
    );
    EXPECT_EQ(answer.json[badge_schema]["number"], 1) << answer.body;
    EXPECT_THAT(
        found(std::string(badge_schema) + ":number eq 1", {}, "/Users"), ElementsAre("before")
    );
    daemon_.stop();
    daemon_.start();
    EXPECT_EQ(get("/Gauges/" + gauge_id).json["count"], 3);
    EXPECT_THAT(
        found(std::string(badge_schema) + ":gauges.value eq \"" + gauge_id + "\"", {}, "/Users"),
        ElementsAre("before")
    );
}

TEST_F(OwnTypesLifecycle, AReloadAddsAttributesAndRefusesTheRest) {
    const std::string path = schema("thing", thing(R"({"name":"displayName"})"));
    configure(thing_type(path));
    start("things:write");
    ASSERT_EQ(post("/Things", {{"displayName", "a"}}).status, 201);
    schema("thing", thing(R"({"name":"displayName"},{"name":"size","type":"integer"})"));
    reload("reloaded");
    ASSERT_EQ(post("/Things", {{"displayName", "b"}, {"size", 7}}).status, 201);
    EXPECT_THAT(found("size eq 7", {}, "/Things"), ElementsAre("b"));
    schema("thing", thing(R"({"name":"displayName"},{"name":"size","type":"decimal"})"));
    reload("reload_refused");
    configure("");
    reload("reload_refused");
    EXPECT_THAT(found("size eq 7", {}, "/Things"), ElementsAre("b")) << "everything is as before";
    schema("thing", "{");
    configure(thing_type(path));
    reload("reload_refused");
    EXPECT_THAT(read_file(daemon_.log_file()), HasSubstr("restart_needed"));
    EXPECT_THAT(read_file(daemon_.log_file()), HasSubstr("invalid_schema"));
    schema(
        "thing",
        thing(
            R"({"name":"displayName","description":"Said better."},{"name":"size","type":"integer"})"
        )
    );
    reload("reloaded");
    EXPECT_EQ(
        get("/Schemas/urn:example:Thing").json["attributes"][0]["description"], "Said better."
    );
}

TEST_F(OwnTypesLifecycle, ARestartRefusesWhatWouldLoseData) {
    const std::string two = R"({"name":"displayName"},{"name":"size","type":"integer"})";
    const std::string path = schema("thing", thing(two));
    configure(thing_type(path));
    start("things:write");
    const std::string a = post("/Things", {{"displayName", "a"}, {"size", 7}}).json["id"];
    const std::string b = post("/Things", {{"displayName", "b"}, {"size", 7}}).json["id"];
    daemon_.stop();
    schema("thing", thing(R"({"name":"displayName"})"));
    EXPECT_THAT(refused_start(), HasSubstr("The attribute size of Thing"));
    schema("thing", thing(R"({"name":"displayName"},{"name":"size"})"));
    EXPECT_THAT(refused_start(), HasSubstr("another type"));
    schema(
        "thing",
        thing(R"({"name":"displayName"},{"name":"size","type":"integer","uniqueness":"server"})")
    );
    EXPECT_THAT(refused_start(), HasSubstr("is to be unique"));
    configure("");
    EXPECT_THAT(refused_start(), HasSubstr("The resource type Thing"));
    configure(thing_type(path));
    schema("thing", thing(two + R"(,{"name":"colour"})"));
    daemon_.start();
    EXPECT_THAT(found("size eq 7", {}, "/Things"), ElementsAre("a", "b"));
    EXPECT_EQ(remove("/Things/" + a).status, 204);
    EXPECT_EQ(remove("/Things/" + b).status, 204);
    daemon_.stop();
    configure("");
    daemon_.start();
    EXPECT_EQ(get("/Things").status, 404);
}

TEST_F(OwnTypesLifecycle, WhatBecomesSearchableIsIndexedAtStart) {
    const std::string path = schema(
        "thing", thing(R"({"name":"displayName"},{"name":"note","bascule":{"searchable":false}})")
    );
    configure(thing_type(path));
    start("things:write");
    ASSERT_EQ(post("/Things", {{"displayName", "a"}, {"note", "One"}}).status, 201);
    daemon_.stop();
    schema("thing", thing(R"({"name":"displayName"},{"name":"note","uniqueness":"server"})"));
    daemon_.start();
    EXPECT_THAT(found("note eq \"one\"", {}, "/Things"), ElementsAre("a"));
    EXPECT_EQ(post("/Things", {{"displayName", "b"}, {"note", "ONE"}}).status, 409);
}

TEST_F(OwnTypesLifecycle, ADirectoryFillsOwnAttributes) {
    configuration_ += "    users: { map: { \"" + std::string(badge_schema) + ":colour\": uid, \"" +
                      badge_schema + ":number\": employeeNumber } }\n";
    configure(company_schemas());
    start();
    const std::string urn = badge_schema;
    const std::string uid = user_uid(1);
    EXPECT_THAT(found(urn + ":colour eq \"" + uid + "\"", {}, "/Users"), ElementsAre(testing::_));
    const Json user = daemon_.find("/Users", "userName eq \"" + uid + "\"");
    EXPECT_EQ(user[badge_schema]["colour"], uid);
    const HttpAnswer refused = patch(
        "/Users/" + user["id"].get<std::string>(),
        Json::array({{{"op", "replace"}, {"path", urn + ":colour"}, {"value", "x"}}})
    );
    EXPECT_EQ(refused.json["scimType"], "mutability");
    const std::string gauge_id = add_gauge("g");
    const HttpAnswer kept = patch(
        "/Users/" + user["id"].get<std::string>(),
        Json::array({{{"op", "add"}, {"path", urn + ":gauges"}, {"value", {{{"value", gauge_id}}}}}}
        )
    );
    EXPECT_EQ(kept.json[badge_schema]["gauges"][0]["value"], gauge_id) << kept.body;
}

TEST_F(OwnTypesLifecycle, AReferenceIsNotMapped) {
    configuration_ += "    users: { map: { \"" + std::string(badge_schema) + ":gauges\": uid } }\n";
    configure(company_schemas());
    const ProcessResult result = check();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr("kept here"));
}

TEST_F(OwnTypesLifecycle, CheckNamesFilePlaceAndExpectation) {
    const std::string path = schema(
        "thing",
        thing(
            R"({"name":"a"},{"name":"b","type":"complex","subAttributes":[{"name":"c","type":"complex","subAttributes":[{"name":"d"}]}]})"
        )
    );
    configure(thing_type(path));
    ProcessResult result = check();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr(path + "  attributes[1].subAttributes[0]"));
    EXPECT_THAT(result.output, HasSubstr("a sub-attribute cannot be complex"));
    schema("thing", thing(R"({"name":"a"})"));
    configure(
        "scim:\n  schemas: [" + path +
        "]\n  resource_types:\n    - { name: Thing, endpoint: /Users, schema: "
        "\"urn:example:Thign\" }\n"
    );
    result = check();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr("scim.resource_types[0].endpoint"));
    EXPECT_THAT(result.output, HasSubstr("did you mean urn:example:Thing?"));
    configure("scim:\n  schemas: [/nowhere/thing.json]\n");
    result = check();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, HasSubstr("/nowhere/thing.json: No such file"));
    configure("scim:\n  resource_types: [{ nam: Thing }]\n");
    result = check();
    EXPECT_THAT(result.output, HasSubstr("did you mean \"name\"?"));
    EXPECT_THAT(result.output, HasSubstr("scim.resource_types[0].schema"));
    configure(thing_type(path));
    EXPECT_EQ(check().exit_code, 0) << check().output;
}

}  // namespace
}  // namespace bascule::test
