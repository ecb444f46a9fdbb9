#include <iostream>
#include <memory>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;
constexpr const char* unit_schema = "urn:bascule:params:scim:schemas:core:2.0:AdministrativeUnit";
constexpr const char* patch_schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

struct Unit {
    std::string name;
    std::vector<std::string> members;
    bool groups = false;
    bool restricted = false;
};

Result<int> create(const Invocation& invocation, const Unit& wanted) {
    json body{{"schemas", {unit_schema}}, {"displayName", wanted.name}};
    if (wanted.restricted) {
        body["restricted"] = true;
    }
    BASCULE_TRY(const json made, ApiClient(invocation).post("/scim/v2/AdministrativeUnits", body));
    if (invocation.json) {
        print_json(made);
    } else {
        std::cout << "Unit '" << wanted.name << "' is there; add people with: bascule unit add \""
                  << wanted.name << "\" USER…\n";
    }
    return exit_good;
}

Result<int> list(const Invocation& invocation) {
    BASCULE_TRY(const auto all, ApiClient(invocation).list("/AdministrativeUnits", ""));
    std::vector<std::vector<std::string>> rows{{"UNIT", "MEMBERS", "ID"}};
    json output = json::array();
    for (const json& unit : all) {
        const std::size_t members = unit.value("members", json::array()).size();
        const std::string name = unit.value("displayName", "");
        rows.push_back({name, grouped(static_cast<std::int64_t>(members)), unit.value("id", "")});
        output.push_back({{"id", unit.value("id", "")}, {"displayName", name}, {"members", members}}
        );
    }
    if (invocation.json) {
        print_json(output);
    } else {
        std::cout << text_table(rows);
    }
    return exit_good;
}

Result<json> member_operations(const ApiClient& client, const Unit& wanted, bool add) {
    json operations = json::array();
    json values = json::array();
    for (const std::string& member : wanted.members) {
        BASCULE_TRY(
            const std::string id, wanted.groups ? client.find_id("/Groups", "displayName", member)
                                                : client.find_id("/Users", "userName", member)
        );
        if (add) {
            values.push_back({{"value", id}});
        } else {
            operations.push_back({{"op", "remove"}, {"path", "members[value eq \"" + id + "\"]"}});
        }
    }
    if (add) {
        operations.push_back({{"op", "add"}, {"path", "members"}, {"value", std::move(values)}});
    }
    return operations;
}

Result<int> change_members(const Invocation& invocation, const Unit& wanted, bool add) {
    const ApiClient client(invocation);
    BASCULE_TRY(
        const std::string unit, client.find_id("/AdministrativeUnits", "displayName", wanted.name)
    );
    BASCULE_TRY(json operations, member_operations(client, wanted, add));
    const json body{{"schemas", {patch_schema}}, {"Operations", std::move(operations)}};
    BASCULE_CHECK(client.call(http::Method::patch, "/scim/v2/AdministrativeUnits/" + unit, body));
    if (invocation.json) {
        print_json({{"unit", wanted.name}, {add ? "added" : "removed", wanted.members}});
    } else {
        std::cout << wanted.members.size() << (add ? " added to " : " removed from ") << "unit '"
                  << wanted.name << "'.\n";
    }
    return exit_good;
}

void add_member_command(
    CLI::App& parent, const char* name, const char* help, bool add, Invocation& invocation,
    Chosen& chosen
) {
    auto wanted = std::make_shared<Unit>();
    CLI::App* command = parent.add_subcommand(name, help);
    command->add_option("unit", wanted->name, "Name of the unit")->required();
    command->add_option("who", wanted->members, "User names, or with --group names of groups")
        ->required();
    command->add_flag("--group", wanted->groups, "Groups instead of users");
    command->callback([&invocation, &chosen, wanted, add] {
        chosen = [&invocation, wanted, add] {
            return finish(invocation, [&] { return change_members(invocation, *wanted, add); });
        };
    });
}

}  // namespace

void add_unit_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* unit = app.add_subcommand("unit", "Administrative units");
    unit->require_subcommand(1);
    auto wanted = std::make_shared<Unit>();
    CLI::App* create_command = unit->add_subcommand("create", "Make a unit");
    create_command->add_option("unit", wanted->name, "Its name")->required();
    create_command->add_flag(
        "--restricted", wanted->restricted, "Only roles for this unit act on its members"
    );
    create_command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return create(invocation, *wanted); });
        };
    });
    unit->add_subcommand("list", "Show all units")->callback([&invocation, &chosen] {
        chosen = [&invocation] { return finish(invocation, [&] { return list(invocation); }); };
    });
    add_member_command(*unit, "add", "Add people or groups", true, invocation, chosen);
    add_member_command(*unit, "remove", "Remove people or groups", false, invocation, chosen);
}

}  // namespace bascule::daemon::ctl
