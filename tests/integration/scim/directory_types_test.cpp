#include "directory/access/roles.hpp"
#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimDirectoryTypes : public ScimServiceTest {
  protected:
    Answer assign(
        const std::string& role, const std::string& principal, const std::string& unit = {}
    ) {
        Json body{
            {"schemas", {role_schema}}, {"role", role}, {"principal", {{"value", principal}}}};
        if (!unit.empty()) {
            body["scope"] = {{"value", unit}};
        }
        return post("/RoleAssignments", body);
    }
    std::string add_role_group(const std::string& name) {
        const Answer answer = post(
            "/Groups", {{"schemas", {group_schema, bascule_group_schema}},
                        {"displayName", name},
                        {bascule_group_schema, {{"roleAssignable", true}}}}
        );
        EXPECT_EQ(answer.status, 201) << answer.text;
        return answer.body.value("id", "");
    }
};

TEST_F(ScimDirectoryTypes, UnitsHoldUsersAndGroups) {
    const std::string ann = add_user("ann");
    const std::string unit = add_unit("Seattle", {ann, add_group("Sales")});
    EXPECT_EQ(get("/AdministrativeUnits/" + unit).body["members"].size(), 2);
    EXPECT_FALSE(get("/Users/" + ann).body.contains("groups"));
    EXPECT_EQ(
        patch(
            "/AdministrativeUnits/" + unit, Json{operation("remove", "members", references({ann}))}
        )
            .status,
        204
    );
    EXPECT_EQ(last_record().activity, "Remove member from administrative unit");
}

TEST_F(ScimDirectoryTypes, UnitTakesSyncedMembers) {
    const std::string unit =
        add_unit("Seattle", {add_synced_user("leo"), add_synced_group("Sales")});
    EXPECT_EQ(get("/AdministrativeUnits/" + unit).body["members"].size(), 2);
}

TEST_F(ScimDirectoryTypes, RoleIsGivenForTheOrganisationOrOneUnit) {
    const std::string ann = add_user("ann");
    EXPECT_EQ(assign("Global Administrator", ann).status, 201);
    EXPECT_EQ(last_record().activity, "Add member to role");
    const Answer scoped = assign("Helpdesk Administrator", ann, add_unit("Seattle"));
    EXPECT_EQ(scoped.status, 201) << scoped.text;
    EXPECT_EQ(last_record().activity, "Add scoped member to role");
    EXPECT_EQ(remove("/RoleAssignments/" + scoped.body["id"].get<std::string>()).status, 204);
    EXPECT_EQ(last_record().activity, "Remove scoped member from role");
}

TEST_F(ScimDirectoryTypes, UnknownRolePrincipalAndScopeAreRefused) {
    const std::string ann = add_user("ann");
    for (const Answer& answer :
         {assign("Chief Wizard", ann), assign("Global Administrator", unknown_id()),
          assign("Global Administrator", add_unit("North")),
          assign("Helpdesk Administrator", ann, unknown_id()),
          assign("Helpdesk Administrator", ann, add_group("Sales")),
          assign("Global Administrator", ann, add_unit("Seattle"))}) {
        EXPECT_EQ(answer.status, 400) << answer.text;
        EXPECT_EQ(answer.scim_type(), "invalidValue") << answer.text;
    }
    EXPECT_EQ(get("/RoleAssignments").body["totalResults"], 0);
}

TEST_F(ScimDirectoryTypes, UnknownRoleNamesTheNearest) {
    const Answer answer = assign("Help-desk Administrater", add_user("ann"));
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(answer.detail().find("'Helpdesk Administrator'"), std::string::npos) << answer.text;
}

TEST_F(ScimDirectoryTypes, SchemaListsTheRoleCatalogue) {
    Json roles;
    const Answer schema = get("/Schemas/" + std::string(role_schema));
    for (const Json& attribute : schema.body["attributes"]) {
        if (attribute["name"] == "role") {
            roles = attribute["canonicalValues"];
        }
    }
    Json catalogue = Json::array();
    for (const access::Role role : access::all_roles()) {
        catalogue.push_back(access::name_of(role));
    }
    EXPECT_EQ(roles, catalogue);
    const std::string ann = add_user("ann");
    EXPECT_EQ(assign("Application Administrator", ann).status, 201);
    EXPECT_EQ(assign("Cloud Application Administrator", ann).status, 201);
    const Answer scoped = assign("Application Administrator", ann, add_unit("Seattle"));
    EXPECT_EQ(scoped.status, 400);
    EXPECT_NE(scoped.detail().find("whole organisation"), std::string::npos) << scoped.text;
}

TEST_F(ScimDirectoryTypes, ProtectionIsChosenAtCreationOnly) {
    const std::string switch_path = std::string(bascule_group_schema) + ":roleAssignable";
    const std::string plain = "/Groups/" + add_group("Plain");
    const std::string helpers = "/Groups/" + add_role_group("Helpers");
    const std::string unit = "/AdministrativeUnits/" + add_unit("Seattle");
    EXPECT_EQ(patch(plain, Json{operation("add", switch_path, true)}).scim_type(), "mutability");
    EXPECT_EQ(patch(helpers, Json{operation("remove", switch_path)}).scim_type(), "mutability");
    EXPECT_EQ(patch(unit, Json{operation("add", "restricted", true)}).scim_type(), "mutability");
    EXPECT_EQ(patch(unit, Json{operation("replace", "description", "West")}).status / 100, 2);
    const Json restricted{
        {"schemas", {unit_schema}}, {"displayName", "Vault"}, {"restricted", true}};
    EXPECT_EQ(post("/AdministrativeUnits", restricted).status, 201);
}

TEST_F(ScimDirectoryTypes, AssignmentsEndWithTheirPrincipalOrUnit) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string group = add_role_group("Helpers");
    const std::string unit = add_unit("Seattle");
    assign("Global Administrator", ann);
    assign("Helpdesk Administrator", ann, unit);
    assign("Helpdesk Administrator", bob, unit);
    assign("Reports Reader", group);
    assign("Reports Reader", bob);
    EXPECT_EQ(remove("/Users/" + ann).status, 204);
    EXPECT_EQ(get("/RoleAssignments").body["totalResults"], 3);
    EXPECT_EQ(remove("/AdministrativeUnits/" + unit).status, 204);
    EXPECT_EQ(get("/RoleAssignments").body["totalResults"], 2);
    EXPECT_EQ(remove("/Groups/" + group).status, 204);
    EXPECT_EQ(get("/RoleAssignments").body["totalResults"], 1);
    EXPECT_EQ(get("/RoleAssignments").body["Resources"][0]["principal"]["value"], bob);
    std::size_t ended = 0;
    for (const auto& record : journal()) {
        ended += record.activity.starts_with("Remove ") && record.target_type == "RoleAssignment";
    }
    EXPECT_EQ(ended, 4U);
}

TEST_F(ScimDirectoryTypes, GroupHoldsARoleOnlyWhenMadeForIt) {
    EXPECT_EQ(assign("Helpdesk Administrator", add_group("Plain")).scim_type(), "invalidValue");
    EXPECT_EQ(assign("Helpdesk Administrator", add_role_group("Helpers")).status, 201);
    const Answer synced = assign("Helpdesk Administrator", add_synced_group("Directory group"));
    EXPECT_GE(synced.status, 400);
    EXPECT_NE(synced.detail().find("corp"), std::string::npos) << synced.text;
}

TEST_F(ScimDirectoryTypes, AssignmentIsImmutable) {
    const std::string ann = add_user("ann");
    const std::string bob = add_user("bob");
    const std::string path =
        "/RoleAssignments/" + assign("Global Administrator", ann).body["id"].get<std::string>();
    EXPECT_EQ(
        patch(path, Json{operation("replace", "principal", Json{{"value", bob}})}).scim_type(),
        "mutability"
    );
    EXPECT_EQ(
        patch(path, Json{operation("replace", "role", "Reports Reader")}).scim_type(), "mutability"
    );
    EXPECT_EQ(patch(path, Json{operation("add", "description", "Deputy")}).status, 200);
}

TEST_F(ScimDirectoryTypes, AssignmentsAreFoundByPrincipal) {
    const std::string ann = add_user("ann");
    assign("Global Administrator", ann);
    assign("Global Administrator", add_user("bob"));
    EXPECT_EQ(
        get("/RoleAssignments?filter=principal.value%20eq%20%22" + ann + "%22")
            .body["totalResults"],
        1
    );
}

TEST_F(ScimDirectoryTypes, Check165_RoleGroupsNeedTheAdminScope) {
    const std::string ann = add_user("ann");
    const std::string group = add_role_group("Helpers");
    scopes_ = {"users:write", "groups:write"};
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("add", "members", references({ann}))}).status, 403
    );
    EXPECT_EQ(remove("/Groups/" + group).status, 403);
    EXPECT_EQ(
        post(
            "/Groups", {{"schemas", {group_schema, bascule_group_schema}},
                        {"displayName", "Mine"},
                        {bascule_group_schema, {{"roleAssignable", true}}}}
        ).status,
        403
    );
    EXPECT_EQ(
        patch(
            "/Groups/" + add_group("Plain"),
            Json{operation("add", std::string(bascule_group_schema) + ":roleAssignable", true)}
        )
            .status,
        403
    );
    EXPECT_EQ(last_record().outcome, directory::Outcome::refused);
}

TEST_F(ScimDirectoryTypes, RoleGroupsDoNotNest) {
    const std::string group = add_role_group("Helpers");
    EXPECT_EQ(
        patch(
            "/Groups/" + group, Json{operation("add", "members", references({add_group("Inner")}))}
        )
            .scim_type(),
        "invalidValue"
    );
    EXPECT_EQ(
        patch("/Groups/" + group, Json{operation("add", "members", references({add_user("ann")}))})
            .status,
        204
    );
}

TEST_F(ScimDirectoryTypes, ApplicationsAreServed) {
    const Answer answer = post(
        "/Applications", {{"schemas", {"urn:bascule:params:scim:schemas:core:2.0:Application"}},
                          {"displayName", "Wiki"},
                          {"selfService", {{"enabled", true}}}}
    );
    EXPECT_EQ(answer.status, 201) << answer.text;
    EXPECT_FALSE(answer.body.contains("selfService"));
    EXPECT_EQ(get("/Applications?filter=displayName%20eq%20%22wiki%22").body["totalResults"], 1);
    EXPECT_EQ(last_record().activity, "Add application");
}

}  // namespace
}  // namespace bascule::scim::tests
