#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimPreference : public ScimServiceTest {
  protected:
    const Headers dry_run_{{"prefer", "dry-run"}};
    const Headers minimal_{{"prefer", "return=minimal"}};
    const Headers representation_{{"prefer", "return=representation"}};
};

Json user_named(const std::string& name) {
    return {{"schemas", {user_schema}}, {"userName", name}};
}

TEST_F(ScimPreference, Check170_DryRunCreateAnswersTheResourceAndKeepsNothing) {
    const auto records = journal().size();
    const Answer dry = post("/Users", user_named("ann"), dry_run_);
    EXPECT_EQ(dry.status, 201) << dry.text;
    EXPECT_EQ(dry.header("Preference-Applied"), "dry-run");
    EXPECT_EQ(dry.body["userName"], "ann");
    EXPECT_EQ(dry.body["meta"]["resourceType"], "User");
    EXPECT_EQ(dry.body["meta"]["version"], dry.header("ETag"));
    EXPECT_EQ(get("/Users").body["totalResults"], 0);
    EXPECT_EQ(get("/Users/" + dry.body.value("id", "")).status, 404);
    EXPECT_EQ(journal().size(), records);
}

TEST_F(ScimPreference, Check170_DryRunRefusesWhatTheRealRunRefuses) {
    const std::string path = "/Users/" + add_user("ann");
    add_user("bob");
    const Answer taken = post("/Users", user_named("BOB"), dry_run_);
    EXPECT_EQ(taken.status, 409);
    EXPECT_EQ(taken.scim_type(), "uniqueness");
    EXPECT_EQ(put(path, user_named("bob"), dry_run_).status, 409);
    EXPECT_EQ(
        patch(path, Json::array({operation("replace", "id", "x")}), dry_run_).scim_type(),
        "mutability"
    );
    EXPECT_EQ(remove(path, {{"prefer", "dry-run"}, {"if-match", "W/\"9\""}}).status, 412);
    EXPECT_EQ(remove("/Users/" + unknown_id(), dry_run_).status, 404);
    EXPECT_EQ(
        post("/Users", {{"schemas", {user_schema}}, {"userName", "x"}, {"password", "a"}}, dry_run_)
            .status,
        400
    );
}

TEST_F(ScimPreference, Check170_DryRunChangesNoVersionAndNoMember) {
    const std::string ann = add_user("ann", {{"title", "x"}});
    const std::string group = add_group("Sales", {ann});
    const std::string user_before = get("/Users/" + ann).text;
    const std::string group_before = get("/Groups/" + group).text;
    const Answer changed =
        patch("/Users/" + ann, Json::array({operation("replace", "title", "y")}), dry_run_);
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(changed.body["title"], "y");
    EXPECT_EQ(changed.body["meta"]["version"], "W/\"2\"");
    EXPECT_EQ(put("/Users/" + ann, user_named("other"), dry_run_).body["userName"], "other");
    EXPECT_EQ(
        patch("/Groups/" + group, Json::array({operation("remove", "members")}), dry_run_).status,
        204
    );
    EXPECT_EQ(remove("/Users/" + ann, dry_run_).status, 204);
    EXPECT_EQ(get("/Users/" + ann).text, user_before);
    EXPECT_EQ(get("/Groups/" + group).text, group_before);
}

TEST_F(ScimPreference, Check170_DryRunAsksForTheSameRights) {
    const std::string path = "/Users/" + add_user("ann");
    const std::string synced = "/Users/" + add_synced_user("bob");
    const auto records = journal().size();
    EXPECT_EQ(
        patch(synced, Json::array({operation("replace", "displayName", "B")}), dry_run_)
            .scim_type(),
        "mutability"
    );
    scopes_ = {"users:read"};
    EXPECT_EQ(remove(path, dry_run_).status, 403);
    EXPECT_EQ(journal().size(), records);
}

TEST_F(ScimPreference, MinimalAnswersHaveNoBody) {
    const Answer made = post("/Users", user_named("ann"), minimal_);
    EXPECT_EQ(made.status, 201);
    EXPECT_TRUE(made.text.empty());
    EXPECT_EQ(made.header("Preference-Applied"), "return=minimal");
    const std::string location = made.header("Location");
    const std::string path = location.substr(location.find("/Users/"));
    EXPECT_EQ(get(path).body["userName"], "ann");
    const Answer changed = patch(path, Json::array({operation("replace", "title", "y")}), minimal_);
    EXPECT_EQ(changed.status, 204);
    EXPECT_EQ(changed.header("ETag"), "W/\"2\"");
    EXPECT_EQ(changed.header("Location"), location);
    EXPECT_EQ(put(path, user_named("ann2"), minimal_).status, 204);
}

TEST_F(ScimPreference, RepresentationGivesTheBodyOfAGroup) {
    const std::string path = "/Groups/" + add_group("Sales", {add_user("ann")});
    const Answer changed =
        patch(path, Json::array({operation("replace", "displayName", "New")}), representation_);
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(changed.header("Preference-Applied"), "return=representation");
    EXPECT_EQ(changed.body["displayName"], "New");
}

TEST_F(ScimPreference, SeveralPreferencesAreAnsweredTogether) {
    const Answer made = post("/Users", user_named("ann"), {{"prefer", "dry-run, return=minimal"}});
    EXPECT_EQ(made.status, 201);
    EXPECT_TRUE(made.text.empty());
    EXPECT_EQ(made.header("Preference-Applied"), "return=minimal, dry-run");
}

}  // namespace
}  // namespace bascule::scim::tests
