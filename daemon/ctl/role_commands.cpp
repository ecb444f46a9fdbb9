#include <iostream>
#include <memory>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;
constexpr const char* schema = "urn:bascule:params:scim:schemas:core:2.0:RoleAssignment";

struct Assignment {
    std::string role;
    std::string principal;
    std::string unit;
    bool group = false;
};

Result<std::string> principal_id(const ApiClient& client, const Assignment& wanted) {
    return wanted.group ? client.find_id("/Groups", "displayName", wanted.principal)
                        : client.find_id("/Users", "userName", wanted.principal);
}

std::string where(const Assignment& wanted) {
    return wanted.unit.empty() ? "the whole organisation" : "unit " + wanted.unit;
}

Result<int> assign(const Invocation& invocation, const Assignment& wanted) {
    const ApiClient client(invocation);
    BASCULE_TRY(const std::string principal, principal_id(client, wanted));
    json body{{"schemas", {schema}}, {"role", wanted.role}, {"principal", {{"value", principal}}}};
    if (!wanted.unit.empty()) {
        BASCULE_TRY(
            const std::string unit,
            client.find_id("/AdministrativeUnits", "displayName", wanted.unit)
        );
        body["scope"] = {{"value", unit}};
    }
    BASCULE_TRY(const json made, client.post("/scim/v2/RoleAssignments", body));
    if (invocation.json) {
        print_json(made);
    } else {
        std::cout << wanted.principal << " is now " << wanted.role << " for " << where(wanted)
                  << ".\n";
    }
    return exit_good;
}

std::string nested(const json& resource, const char* name, const char* member) {
    const auto found = resource.find(name);
    return found != resource.end() && found->is_object() ? found->value(member, "") : "";
}

/// The name behind a reference; its id when the object is gone.
std::string name_of(
    const ApiClient& client, const char* endpoint, const char* attribute, const std::string& id
) {
    const auto found =
        client.get(std::string("/scim/v2") + endpoint + "/" + http::percent_encode(id));
    return found ? found->value(attribute, id) : std::string();
}

std::string principal_name(const ApiClient& client, const std::string& id) {
    std::string name = name_of(client, "/Users", "userName", id);
    if (name.empty()) {
        name = name_of(client, "/Groups", "displayName", id);
    }
    return name.empty() ? id : name;
}

std::string unit_name(const ApiClient& client, const std::string& id) {
    if (id.empty()) {
        return "(whole organisation)";
    }
    const std::string name = name_of(client, "/AdministrativeUnits", "displayName", id);
    return name.empty() ? id : name;
}

Result<int> list(const Invocation& invocation) {
    const ApiClient client(invocation);
    BASCULE_TRY(const auto all, client.list("/RoleAssignments", ""));
    std::vector<std::vector<std::string>> rows{{"ROLE", "WHO", "WHERE", "ID"}};
    json output = json::array();
    for (const json& assignment : all) {
        const std::string who = principal_name(client, nested(assignment, "principal", "value"));
        const std::string unit = nested(assignment, "scope", "value");
        const std::string id = assignment.value("id", "");
        rows.push_back({assignment.value("role", ""), who, unit_name(client, unit), id});
        output.push_back(
            {{"id", id},
             {"role", assignment.value("role", "")},
             {"principal", who},
             {"unit", unit.empty() ? json() : json(unit_name(client, unit))}}
        );
    }
    if (invocation.json) {
        print_json(output);
    } else {
        std::cout << text_table(rows);
    }
    return exit_good;
}

Result<int> remove(const Invocation& invocation, const Assignment& wanted) {
    const ApiClient client(invocation);
    BASCULE_TRY(const std::string principal, principal_id(client, wanted));
    std::string unit;
    if (!wanted.unit.empty()) {
        BASCULE_TRY(unit, client.find_id("/AdministrativeUnits", "displayName", wanted.unit));
    }
    BASCULE_TRY(
        const auto all, client.list("/RoleAssignments", "principal.value eq \"" + principal + "\"")
    );
    for (const json& assignment : all) {
        if (assignment.value("role", "") == wanted.role &&
            nested(assignment, "scope", "value") == unit) {
            BASCULE_CHECK(client.call(
                http::Method::delete_, "/scim/v2/RoleAssignments/" + assignment.value("id", "")
            ));
            std::cout << wanted.principal << " is no longer " << wanted.role << " for "
                      << where(wanted) << ".\n";
            return exit_good;
        }
    }
    return fail(
        ErrorKind::not_found, "not_assigned",
        wanted.principal + " is not " + wanted.role + " for " + where(wanted) +
            "; see: bascule role list"
    );
}

void add_options(CLI::App& command, const std::shared_ptr<Assignment>& wanted) {
    command.add_option("role", wanted->role, "Its name, such as \"Helpdesk Administrator\"")
        ->required();
    command.add_option("who", wanted->principal, "User name, or with --group a group's name")
        ->required();
    command.add_option(
        "--unit", wanted->unit, "Administrative unit; without it the whole organisation"
    );
    command.add_flag("--group", wanted->group, "A role-assignable group instead of a user");
}

}  // namespace

void add_role_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* role = app.add_subcommand("role", "Administrator roles");
    role->require_subcommand(1);
    auto wanted = std::make_shared<Assignment>();
    CLI::App* assign_command = role->add_subcommand("assign", "Give somebody a role");
    add_options(*assign_command, wanted);
    assign_command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return assign(invocation, *wanted); });
        };
    });
    CLI::App* remove_command = role->add_subcommand("remove", "Take a role away");
    add_options(*remove_command, wanted);
    remove_command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return remove(invocation, *wanted); });
        };
    });
    role->add_subcommand("list", "Show who holds what")->callback([&invocation, &chosen] {
        chosen = [&invocation] { return finish(invocation, [&] { return list(invocation); }); };
    });
}

}  // namespace bascule::daemon::ctl
