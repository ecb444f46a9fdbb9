#include "directory/access/access_resolver.hpp"

#include <algorithm>

#include "directory/base/json_text.hpp"

namespace bascule::access {
namespace {

using directory::EdgeKind;
using directory::Object;
using directory::ObjectRow;
using directory::Oid;
using directory::Reader;

/// More assignments of one principal, or role-assignable groups of one organisation, than this are
/// not read.
constexpr std::size_t read_limit = 1000;

std::optional<Uuid> reference_in(std::string_view body, std::string_view member) {
    const auto text = json_text_member(json_member(body, member), "value");
    if (!text) {
        return std::nullopt;
    }
    auto id = parse_uuid(*text);
    return id ? std::optional<Uuid>(*id) : std::nullopt;
}

directory::Filter is_true(const directory::Registry& registry, directory::AttributeId attribute) {
    directory::Filter filter;
    filter.kind = directory::Filter::Kind::comparison;
    filter.attribute = attribute;
    filter.spec = registry.spec(attribute);
    filter.path = filter.spec.path;
    filter.op = directory::Operator::eq;
    filter.value = true;
    return filter;
}

}  // namespace

AccessResolver::AccessResolver(const directory::Registry& registry)
    : group_type_(registry.type("Group")), user_type_(registry.type("User")) {
    if (const auto assignment = registry.find_type("RoleAssignment")) {
        principal_ = registry.find_attribute(*assignment, {"", "principal", "value"});
    }
    role_assignable_groups_.type = group_type_;
    role_assignable_groups_.limit = read_limit;
    role_assignable_groups_.filter.kind = directory::Filter::Kind::never;
    for (const directory::AttributeId id : registry.attributes(group_type_)) {
        const directory::AttributePath& path = registry.spec(id).path;
        if (path.name == "roleAssignable") {
            role_assignable_groups_.filter = is_true(registry, id);
            role_assignable_extension_ = path.extension;
        }
    }
}

bool AccessResolver::is_restricted_unit(const Object& unit) {
    return json_member(unit.body, "restricted") == "true";
}

bool AccessResolver::is_role_assignable(const Object& group) const {
    const std::string_view parent = role_assignable_extension_.empty()
                                        ? std::string_view(group.body)
                                        : json_member(group.body, role_assignable_extension_);
    return !group.row.is_synced() && !parent.empty() &&
           json_member(parent, "roleAssignable") == "true";
}

Result<std::vector<Object>> AccessResolver::role_groups(Reader& reader, Oid user, Link link) const {
    std::vector<Object> found;
    if (role_assignable_groups_.filter.kind == directory::Filter::Kind::never) {
        return found;
    }
    BASCULE_TRY(auto candidates, reader.query(role_assignable_groups_));
    for (Object& group : candidates.objects) {
        if (group.row.is_synced()) {
            continue;
        }
        BASCULE_TRY(bool linked, reader.has_edge(EdgeKind::member, group.row.oid, user));
        if (!linked && link == Link::member_or_owner) {
            BASCULE_TRY(linked, reader.has_edge(EdgeKind::owner, group.row.oid, user));
        }
        if (linked) {
            found.push_back(std::move(group));
        }
    }
    return found;
}

Status AccessResolver::append_assignments(
    Reader& reader, const Uuid& principal, std::vector<Assignment>& out
) const {
    if (!principal_) {
        return {};
    }
    BASCULE_TRY(
        const auto objects, reader.find_by_term(*principal_, principal.to_string(), read_limit)
    );
    for (const Object& object : objects) {
        Assignment assignment;
        assignment.id = object.row.id;
        assignment.role =
            parse_role(json_text_member(object.body, "role").value_or("")).value_or(Role::other);
        if (!json_member(object.body, "scope").empty()) {
            assignment.unit = reference_in(object.body, "scope");
            if (!assignment.unit) {
                continue;  // a scope that cannot be read must never widen to the whole organisation
            }
            BASCULE_TRY(const auto unit, reader.find(*assignment.unit));
            if (!unit) {
                continue;
            }
            assignment.unit_restricted = is_restricted_unit(*unit);
        }
        out.push_back(assignment);
    }
    return {};
}

Result<std::vector<Assignment>> AccessResolver::assignments_of(
    Reader& reader, const Uuid& principal
) const {
    std::vector<Assignment> assignments;
    BASCULE_CHECK(append_assignments(reader, principal, assignments));
    BASCULE_TRY(const auto row, reader.find_row(principal));
    if (row && row->type == user_type_) {
        BASCULE_TRY(const auto groups, role_groups(reader, row->oid, Link::member));
        for (const Object& group : groups) {
            BASCULE_CHECK(append_assignments(reader, group.row.id, assignments));
        }
    }
    return assignments;
}

Result<Target> AccessResolver::target(Reader& reader, const ObjectRow& user, const Uuid& actor)
    const {
    Target target;
    target.display = user.display;
    target.deleted = user.deleted.has_value();
    target.is_self = user.id == actor;
    if (target.deleted || target.is_self) {
        return target;
    }
    BASCULE_TRY(target.roles, assignments_of(reader, user.id));
    BASCULE_TRY(const auto groups, role_groups(reader, user.oid, Link::member_or_owner));
    target.protected_by_role_assignable_group = !groups.empty();
    BASCULE_TRY(
        const auto units, reader.edge_sources(EdgeKind::unit_member, user.oid, Oid{}, read_limit)
    );
    for (const ObjectRow& row : units) {
        BASCULE_TRY(const auto unit, reader.find(row.oid));
        if (unit) {
            (is_restricted_unit(*unit) ? target.restricted_units : target.direct_units)
                .push_back(row.id);
        }
    }
    return target;
}

Result<bool> AccessResolver::holds_for_organisation(
    Reader& reader, const Uuid& principal, std::span<const Role> roles
) const {
    BASCULE_TRY(const auto assignments, assignments_of(reader, principal));
    return std::ranges::any_of(assignments, [&](const Assignment& held) {
        return !held.unit && std::ranges::find(roles, held.role) != roles.end();
    });
}

}  // namespace bascule::access
