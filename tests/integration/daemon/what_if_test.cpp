#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/integration/daemon/plan_stage.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;

ProcessResult what_if(const Stage& stage, std::vector<std::string> more) {
    more.insert(more.begin(), "what-if");
    return stage.daemon.command(std::move(more));
}

Json status(const Stage& stage) {
    return Json::parse(what_if(stage, {"--json", "status"}).output, nullptr, false);
}

void wait_until_read(const Stage& stage) {
    wait_until("the other rules to be live", std::chrono::seconds(30), [&] {
        const Json now = status(stage);
        return now.contains("sources") && now["sources"].size() == 1 &&
               now["sources"][0].value("live", false);
    });
}

/// Begins with these lines in the source and waits until everything has been read.
void begin(const Stage& stage, const std::string& lines) {
    write_file(stage.candidate, with_source_lines(stage.daemon, lines));
    const ProcessResult begun = what_if(stage, {"start", "--config", stage.candidate});
    ASSERT_EQ(begun.exit_code, 0) << begun.output;
    wait_until_read(stage);
}

std::vector<Json> shown(const Stage& stage) {
    const ProcessResult result = what_if(stage, {"show", "--export", stage.differences});
    EXPECT_NE(result.exit_code, 2) << result.output;
    return exported_lines(stage.differences);
}

TEST(WhatIf, TellsWhatOtherRulesChangeAndFollowsTheDirectory) {
    Stage stage(people_and_groups());
    begin(stage, "    users: { filter: \"(&(objectClass=inetOrgPerson)(!(title=Engineer 7)))\", map: { nickName: sn } }\n");
    const ServedObjects before = served_by(stage.daemon);
    const auto first = shown(stage);
    const ServedObjects other = after_plan(before, first);
    EXPECT_EQ(before.size() - other.size(), 2U) << "two people have this title";
    for (const Json& line : first) {
        if (line["change"] == "changed") {
            EXPECT_EQ(line["attributes"][0]["attribute"], "nickName") << line;
            EXPECT_EQ(line["attributes"][0]["rule"], "users.map.nickName") << line;
        }
    }
    stage.directory.set(user_dn(3), "sn", "Changed");
    stage.directory.modify("dn: " + user_dn(5) + "\nchangetype: delete\n");
    wait_until("the change", std::chrono::seconds(30), [&] {
        const ServedObjects now = after_plan(served_by(stage.daemon), shown(stage));
        bool changed = false;
        for (const auto& [id, object] : now) {
            const auto name = object.attributes.find("nickName");
            changed = changed || (name != object.attributes.end() && name->second == "Changed");
        }
        return changed && now.size() == other.size() - 1;
    });
    EXPECT_EQ(served_by(stage.daemon).size(), before.size() - 1);
}

TEST(WhatIf, WhatItShowsIsWhatAReloadDoes) {
    const Stage stage(people_and_groups());
    begin(
        stage,
        "    users: { filter: \"(&(objectClass=inetOrgPerson)(!(title=Engineer 7)))\", map: { title: sn } }\n"
        "    groups: { map: { displayName: \"team {cn}\" } }\n"
    );
    const ServedObjects expected = after_plan(served_by(stage.daemon), shown(stage));
    stage.reload();
    EXPECT_EQ(difference_of(expected, served_by(stage.daemon)), "");
    EXPECT_TRUE(shown(stage).empty()) << "the rules in force have become the same";
    EXPECT_EQ(what_if(stage, {"show"}).exit_code, 0);
}

TEST(WhatIf, GoesOnAfterARestartAndEndsWithoutResidue) {
    Stage stage(people_and_groups());
    const std::string folder = stage.daemon.database() + ".what-if";
    EXPECT_EQ(what_if(stage, {"show"}).exit_code, 2);
    begin(stage, "    users: { map: { nickName: sn } }\n");
    const auto lines = shown(stage);
    EXPECT_EQ(lines.size(), 60U);
    stage.daemon.kill();
    stage.daemon.start();
    wait_until_read(stage);
    EXPECT_EQ(status(stage)["sources"][0]["received"], 0) << "it goes on from its stamp";
    EXPECT_EQ(shown(stage), lines);
    EXPECT_EQ(what_if(stage, {"stop"}).exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists(folder));
    EXPECT_EQ(what_if(stage, {"stop"}).exit_code, 2);
    EXPECT_FALSE(status(stage).value("running", true));
}

TEST(WhatIf, WhatIsKeptHereBesideTheMappingIsNoDifference) {
    const Stage stage(people_and_groups());
    const Json user = stage.daemon.find("/Users", "userName eq \"" + user_uid(1) + "\"");
    const HttpAnswer patched = stage.daemon.request(
        "PATCH", "/scim/v2/Users/" + user.value("id", ""),
        Json::parse(R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations":[{"op":"add","path":"nickName","value":"kept"}]})")
    );
    ASSERT_EQ(patched.status, 200) << patched.body;
    begin(stage, "    users: { map: { preferredLanguage: sn } }\n");
    for (const Json& line : shown(stage)) {
        for (const Json& attribute : line["attributes"]) {
            EXPECT_EQ(attribute["attribute"], "preferredLanguage") << line;
        }
    }
}

}  // namespace
}  // namespace bascule::test
