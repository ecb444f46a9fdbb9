#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/access/reset_grid.hpp"
#include "directory/access/roles.hpp"
#include "directory/base/result.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::access {

/// One role that somebody holds, directly or through a role-assignable group.
struct Assignment {
    Uuid id;
    Role role = Role::other;
    std::optional<Uuid> unit;      ///< nothing: for the whole organisation
    bool unit_restricted = false;  ///< the unit is one of restricted management
};

/// All active assignments of the person or program that acts.
struct ActorAssignments {
    std::vector<Assignment> assignments;
};

/// What counts about the person who is acted on.
struct Target {
    std::string display;                              ///< for sentences
    std::vector<Assignment> roles;                    ///< of any scope, also through groups
    bool protected_by_role_assignable_group = false;  ///< member or owner of one
    std::vector<Uuid> restricted_units;  ///< units of restricted management that contain the person
    std::vector<Uuid> direct_units;      ///< other units with the person as direct member
    bool deleted = false;
    bool is_self = false;
};

/// Decides whether the actor may do `action` to the target, and by which assignment. Pure.
///
/// A refusal is `forbidden` (a deleted target: `conflict`) with the first reason that fails:
/// self_reset, target_deleted, no_role, restricted_unit, outside_scope, protected_target,
/// role_not_sufficient. Roles for a unit act only on direct members without any role; members of a
/// restricted unit obey only roles for that unit.
[[nodiscard]] Result<Assignment> decide(
    Action action, const ActorAssignments& actor, const Target& target
);

}  // namespace bascule::access
