#include "scim/service/type_rules.hpp"

#include <array>
#include <optional>
#include <string>

#include "directory/access/roles.hpp"
#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

using directory::Object;

Error invalid(std::string field, std::string detail) {
    return Error{
        ErrorKind::invalid_input, "invalid_value", std::move(detail), std::move(field), {}};
}

/// The object that a reference member ({"value":"id"}) names, if it exists.
Result<std::optional<Object>> referenced(directory::Reader& reader, std::string_view reference) {
    const auto text = json_text_member(reference, "value");
    const auto id = parse_uuid(text.value_or(""));
    if (!id) {
        return std::optional<Object>{};
    }
    return reader.find(*id);
}

Status check_principal(const Engine& engine, directory::Reader& reader, std::string_view body) {
    BASCULE_TRY(
        const std::optional<Object> principal, referenced(reader, json_member(body, "principal"))
    );
    if (!principal) {
        return fail(
            invalid("principal.value", "The principal must be the id of an existing user or group.")
        );
    }
    const std::string& type = engine.registry.spec(principal->row.type).name;
    if (type == "User") {
        return {};
    }
    if (type != "Group") {
        return fail(invalid(
            "principal.value", "A role is held by a user or a group, not by a " + type + "."
        ));
    }
    BASCULE_CHECK(engine.with.authority()->require_self_service_target(principal->row));
    if (is_role_assignable(engine, *principal)) {
        return {};
    }
    return fail(invalid(
        "principal.value", "Group '" + printable(principal->row.display) +
                               "' cannot hold roles; only a group created with roleAssignable can."
    ));
}

Status check_scope(
    const Engine& engine, directory::Reader& reader, access::Role role, std::string_view body
) {
    const std::string_view scope = json_member(body, "scope");
    if (scope.empty()) {
        return {};
    }
    BASCULE_TRY(const std::optional<Object> unit, referenced(reader, scope));
    if (!unit || engine.registry.spec(unit->row.type).name != "AdministrativeUnit") {
        return fail(
            invalid("scope.value", "The scope must be the id of an existing administrative unit.")
        );
    }
    if (!access::is_unit_scopable(role)) {
        return fail(invalid(
            "scope.value",
            "The role '" + std::string(access::name_of(role)) +
                "' can only be given for the whole organisation; leave out the scope."
        ));
    }
    return {};
}

Status check_role_assignment(
    const Engine& engine, directory::Reader& reader, std::string_view body
) {
    const std::string name = json_text_member(body, "role").value_or("");
    const auto role = access::parse_role(name);
    if (!role) {
        return fail(invalid(
            "role", "There is no role '" + printable(name, 64) + "'; the nearest is '" +
                        std::string(access::nearest_role_name(name)) + "'."
        ));
    }
    BASCULE_CHECK(check_principal(engine, reader, body));
    return check_scope(engine, reader, *role, body);
}

/// A switch that decides who may change the object, so it is thrown at its creation or never.
struct Switch {
    std::string_view type;
    std::string_view extension;
    std::string_view name;
};
constexpr std::array switches{
    Switch{"Group", "urn:bascule:params:scim:schemas:extension:2.0:Group", "roleAssignable"},
    Switch{"AdministrativeUnit", "", "restricted"},
};

bool is_on(const Switch& which, std::string_view body) {
    const std::string_view parent =
        which.extension.empty() ? body : json_member(body, which.extension);
    return !parent.empty() && json_member(parent, which.name) == "true";
}

}  // namespace

Status check_switches(const TypeView& view, std::string_view before, std::string_view after) {
    for (const Switch& which : switches) {
        if (view.type->name == which.type && is_on(which, before) != is_on(which, after)) {
            return fail(Error{
                ErrorKind::invalid_input,
                "mutability",
                "'" + std::string(which.name) + "' can be set only when the " + view.noun +
                    " is created. Create another one with it.",
                which.extension.empty()
                    ? std::string(which.name)
                    : std::string(which.extension) + ":" + std::string(which.name),
                {}});
        }
    }
    return {};
}

Status check_document(
    const Engine& engine, const TypeView& view, directory::Reader& reader, std::string_view body
) {
    if (view.type->name == "RoleAssignment") {
        return check_role_assignment(engine, reader, body);
    }
    return {};
}

bool is_role_assignable(const Engine& engine, const Object& object) {
    return engine.registry.spec(object.row.type).name == "Group" &&
           engine.access.is_role_assignable(object);
}

Status check_privileged(const Engine& engine, const access::Caller& caller, const Object& object) {
    if (caller.has_scope("admin:write") || !is_role_assignable(engine, object)) {
        return {};
    }
    return fail(
        ErrorKind::forbidden, "insufficient_scope",
        "Group '" + printable(object.row.display) +
            "' can hold administrator roles; changing it needs the scope admin:write."
    );
}

}  // namespace bascule::scim
