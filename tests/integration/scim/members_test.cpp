#include "tests/integration/scim/scim_fixture.hpp"

#include <algorithm>
#include <thread>

namespace bascule::scim::tests {
namespace {

class ScimMembers : public ScimServiceTest {
  protected:
    std::vector<std::string> sorted(std::vector<std::string> ids) {
        std::sort(ids.begin(), ids.end());
        return ids;
    }
};

TEST_F(ScimMembers, MembersAreShownWithTypeNameAndAddress) {
    const std::string ann = add_user("ann", {{"displayName", "Ann Lee"}});
    const std::string inner = add_group("Inner");
    const std::string group = add_group("Outer", {ann, inner});
    for (const Json& member : get("/Groups/" + group).body["members"]) {
        const bool is_user = member["value"] == ann;
        EXPECT_EQ(member["type"], is_user ? "User" : "Group");
        EXPECT_EQ(member["display"], is_user ? "Ann Lee" : "Inner");
        EXPECT_EQ(
            member["$ref"],
            "https://id.example.com/scim/v2" + (is_user ? "/Users/" + ann : "/Groups/" + inner)
        );
    }
}

TEST_F(ScimMembers, UserShowsDirectAndIndirectGroups) {
    const std::string ann = add_user("ann");
    const std::string inner = add_group("Inner", {ann});
    const std::string outer = add_group("Outer", {inner});
    const Json groups = get("/Users/" + ann).body["groups"];
    ASSERT_EQ(groups.size(), 2);
    for (const Json& group : groups) {
        const bool direct = group["value"] == inner;
        EXPECT_EQ(group["type"], direct ? "direct" : "indirect");
        EXPECT_EQ(group["display"], direct ? "Inner" : "Outer");
        EXPECT_EQ(
            group["$ref"], "https://id.example.com/scim/v2/Groups/" + (direct ? inner : outer)
        );
    }
}

TEST_F(ScimMembers, CycleOfGroupsEnds) {
    const std::string ann = add_user("ann");
    const std::string first = add_group("First", {ann});
    const std::string second = add_group("Second", {first});
    EXPECT_EQ(
        patch("/Groups/" + first, Json{operation("add", "members", references({second}))}).status,
        204
    );
    EXPECT_EQ(get("/Users/" + ann).body["groups"].size(), 2);
}

TEST_F(ScimMembers, AGroupIsNotItsOwnMember) {
    const std::string group = add_group("Sales");
    const Answer answer =
        patch("/Groups/" + group, Json{operation("add", "members", references({group}))});
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.scim_type(), "invalidValue");
}

TEST_F(ScimMembers, AUnitIsNoMember) {
    const std::string unit = add_unit("Seattle");
    EXPECT_EQ(
        patch(
            "/Groups/" + add_group("Sales"), Json{operation("add", "members", references({unit}))}
        )
            .scim_type(),
        "invalidValue"
    );
}

TEST_F(ScimMembers, Check095_AddingAPresentMemberChangesNothing) {
    const std::string ann = add_user("ann");
    const std::string group = add_group("Sales", {ann});
    const std::string tag = get("/Groups/" + group).header("ETag");
    const auto records = journal().size();
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("add", "members", references({ann, ann}))}).status,
        204
    );
    EXPECT_EQ(get("/Groups/" + group).header("ETag"), tag);
    EXPECT_EQ(journal().size(), records);
}

TEST_F(ScimMembers, Check097_ReplaceAndEmpty) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string group = add_group("Sales", {ann});
    patch("/Groups/" + group, Json{operation("replace", "members", references({bob}))});
    EXPECT_EQ(members_of(group), std::vector<std::string>{bob});
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("replace", "members", Json::array())}).status, 204
    );
    EXPECT_TRUE(members_of(group).empty());
}

TEST_F(ScimMembers, Check102_And_104_RemovalByFilterAndByList) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string cy = add_user("cy");
    const std::string group = add_group("Sales", {ann, bob, cy});
    patch("/Groups/" + group, Json{operation("remove", "members[value eq \"" + ann + "\"]")});
    EXPECT_EQ(members_of(group), sorted({bob, cy}));
    patch("/Groups/" + group, Json{operation("Remove", "members", references({bob}))});
    EXPECT_EQ(members_of(group), std::vector<std::string>{cy});
}

TEST_F(ScimMembers, Check103_RemovingAnAbsentMemberSucceeds) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string group = add_group("Sales", {ann});
    const std::string tag = get("/Groups/" + group).header("ETag");
    EXPECT_EQ(
        patch(
            "/Groups/" + group,
            Json{operation("remove", "members", references({bob, unknown_id()}))}
        )
            .status,
        204
    );
    EXPECT_EQ(get("/Groups/" + group).header("ETag"), tag);
}

TEST_F(ScimMembers, Check105_RemoveWithoutValueEmpties) {
    const std::string group = add_group("Sales", {add_user("ann"), add_user("bob")});
    EXPECT_EQ(patch("/Groups/" + group, Json{operation("remove", "members")}).status, 204);
    EXPECT_TRUE(members_of(group).empty());
}

TEST_F(ScimMembers, Check113_NullReferencesAndMissingTypesAreFine) {
    const std::string ann = add_user("ann");
    const std::string group = add_group("Sales");
    EXPECT_EQ(
        patch(
            "/Groups/" + group,
            Json{operation("Add", "members", Json::array({{{"$ref", nullptr}, {"value", ann}}}))}
        ).status,
        204
    );
    EXPECT_EQ(members_of(group), std::vector<std::string>{ann});
}

TEST_F(ScimMembers, Check114_EveryUnknownIdIsNamed) {
    const std::string group = add_group("Sales");
    const Answer answer = patch(
        "/Groups/" + group,
        Json{operation("add", "members", references({add_user("ann"), unknown_id(), "no-uuid"}))}
    );
    EXPECT_EQ(answer.scim_type(), "invalidValue");
    EXPECT_NE(answer.detail().find(unknown_id()), std::string::npos);
    EXPECT_NE(answer.detail().find("no-uuid"), std::string::npos);
    EXPECT_TRUE(members_of(group).empty());
}

TEST_F(ScimMembers, Check119_ThousandsOfMembersInOneRequest) {
    std::vector<std::string> ids;
    for (int i = 0; i < 2500; ++i) {
        ids.push_back(add_synced_user("user" + std::to_string(i)));
    }
    const std::string group = add_group("Everybody");
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("add", "members", references(ids))}).status, 204
    );
    EXPECT_EQ(members_of(group), sorted(ids));
}

TEST_F(ScimMembers, Check120_ConcurrentMemberPatchesAllSurvive) {
    std::vector<std::string> ids;
    for (int i = 0; i < 32; ++i) {
        ids.push_back(add_user("user" + std::to_string(i)));
    }
    const std::string group = add_group("Sales");
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < ids.size(); i += 4) {
                EXPECT_EQ(
                    patch(
                        "/Groups/" + group, Json{operation("add", "members", references({ids[i]}))}
                    )
                        .status,
                    204
                );
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(members_of(group), sorted(ids));
}

TEST_F(ScimMembers, Check121_And_122_DeletedUserLeavesEverything) {
    const std::string ann = add_user("ann");
    const std::string group = add_group("Sales", {ann, add_user("bob")});
    EXPECT_EQ(remove("/Users/" + ann).status, 204);
    for (const auto method : {http::Method::get, http::Method::delete_}) {
        EXPECT_EQ(send(method, "/Users/" + ann).status, 404);
    }
    EXPECT_EQ(put("/Users/" + ann, {{"schemas", {user_schema}}, {"userName", "ann"}}).status, 404);
    EXPECT_EQ(get("/Users").body["totalResults"], 1);
    EXPECT_EQ(members_of(group).size(), 1);
}

TEST_F(ScimMembers, Check122_DeletedGroupLeavesItsUsers) {
    const std::string ann = add_user("ann");
    const std::string group = add_group("Sales", {ann});
    EXPECT_EQ(remove("/Groups/" + group).status, 204);
    EXPECT_FALSE(get("/Users/" + ann).body.contains("groups"));
    EXPECT_EQ(last_record().activity, "Delete group");
}

TEST_F(ScimMembers, Check124_UserNameIsFreeAfterDelete) {
    const std::string first = add_user("ann");
    remove("/Users/" + first);
    EXPECT_NE(add_user("ann"), first);
}

TEST_F(ScimMembers, Check125_DeleteTakesAnyHeadersAndBody) {
    const std::string ann = add_user("ann");
    EXPECT_EQ(
        send(
            http::Method::delete_, "/Users/" + ann, "junk",
            {{"content-type", "text/plain"}, {"accept", "text/html"}}
        ).status,
        204
    );
}

TEST_F(ScimMembers, MembershipIsJournalled) {
    const std::string ann = add_user("ann");
    const std::string group = add_group("Sales");
    patch("/Groups/" + group, Json{operation("add", "members", references({ann}))});
    auto record = last_record();
    EXPECT_EQ(record.activity, "Add member to group");
    EXPECT_EQ(record.target->to_string(), group);
    ASSERT_FALSE(record.details.empty());
    EXPECT_EQ(record.details[0], (std::pair<std::string, std::string>{"added", ann}));
    patch("/Groups/" + group, Json{operation("remove", "members", references({ann}))});
    EXPECT_EQ(last_record().activity, "Remove member from group");
}

}  // namespace
}  // namespace bascule::scim::tests
