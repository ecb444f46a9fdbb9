#include "directory/access/decision.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace bascule::access {
namespace {

bool contains(const std::vector<Uuid>& ids, const Uuid& id) {
    return std::ranges::find(ids, id) != ids.end();
}

std::string_view words_of(Action action) {
    switch (action) {
        case Action::reset_password:
            return "reset the password";
        case Action::change_sensitive_data:
            return "change the account data";
        case Action::manage_sign_in_methods:
            return "manage the sign-in methods";
    }
    return "do this";
}

tl::unexpected<Error> refuse(std::string code, std::string detail) {
    return fail(ErrorKind::forbidden, std::move(code), std::move(detail));
}

/// Assignments that give the right to act on anybody at all. A role that cannot be given for a unit
/// has no effect there.
std::vector<Assignment> acting_assignments(Action action, const ActorAssignments& actor) {
    std::vector<Assignment> acting;
    for (const Assignment& assignment : actor.assignments) {
        const bool valid_scope = !assignment.unit || is_unit_scopable(assignment.role);
        if (valid_scope && is_acting_role(action, assignment.role)) {
            acting.push_back(assignment);
        }
    }
    return acting;
}

bool reaches(const Assignment& assignment, const Target& target) {
    if (!target.restricted_units.empty()) {
        return assignment.unit && contains(target.restricted_units, *assignment.unit);
    }
    return !assignment.unit || contains(target.direct_units, *assignment.unit);
}

/// Nothing when the assignment suffices.
std::optional<Error> shortfall(Action action, const Assignment& assignment, const Target& target) {
    const bool is_protected = target.protected_by_role_assignable_group ||
                              std::ranges::any_of(target.roles, &Assignment::unit_restricted);
    if (assignment.unit && (!target.roles.empty() || is_protected)) {
        return Error{
            ErrorKind::forbidden,
            "protected_target",
            fmt::format(
                "'{}' has an administrator role or belongs to a role-assignable group, and your "
                "role for one "
                "location acts only on people without one. Ask an administrator for the whole "
                "organisation.",
                target.display
            ),
            {},
            {}};
    }
    if (is_protected && !acts_on_everybody(assignment.role)) {
        return Error{
            ErrorKind::forbidden,
            "protected_target",
            fmt::format(
                "'{}' belongs to a role-assignable group or has a role for a restricted unit. Only "
                "a Privileged "
                "Authentication Administrator or a Global Administrator may do this.",
                target.display
            ),
            {},
            {}};
    }
    const auto too_strong = std::ranges::find_if(target.roles, [&](const Assignment& held) {
        return !may_act_on(action, assignment.role, held.role);
    });
    if (too_strong == target.roles.end()) {
        return std::nullopt;
    }
    return Error{
        ErrorKind::forbidden,
        "role_not_sufficient",
        fmt::format(
            "'{}' holds the role '{}'; a {} may not {} of such a person. Ask a stronger "
            "administrator.",
            target.display, name_of(too_strong->role), name_of(assignment.role), words_of(action)
        ),
        {},
        {}};
}

}  // namespace

Result<Assignment> decide(Action action, const ActorAssignments& actor, const Target& target) {
    if (target.is_self) {
        return refuse(
            "self_reset",
            "This is your own account. Use 'Change password' for yourself; administrators do not "
            "act "
            "on themselves here."
        );
    }
    if (target.deleted) {
        return fail(
            ErrorKind::conflict, "target_deleted",
            fmt::format("'{}' has been deleted.", target.display)
        );
    }
    std::vector<Assignment> acting = acting_assignments(action, actor);
    if (acting.empty()) {
        return refuse(
            "no_role",
            fmt::format("None of your roles lets you {} of other people.", words_of(action))
        );
    }
    std::erase_if(acting, [&](const Assignment& assignment) {
        return !reaches(assignment, target);
    });
    if (acting.empty() && !target.restricted_units.empty()) {
        return refuse(
            "restricted_unit", fmt::format(
                                   "'{}' belongs to a restricted administrative unit. Only "
                                   "administrators of that unit may do this.",
                                   target.display
                               )
        );
    }
    if (acting.empty()) {
        return refuse(
            "outside_scope",
            fmt::format(
                "'{}' is not a direct member of a location that you manage.", target.display
            )
        );
    }
    std::optional<Error> first_reason;
    for (const Assignment& assignment : acting) {
        std::optional<Error> reason = shortfall(action, assignment, target);
        if (!reason) {
            return assignment;
        }
        if (!first_reason) {
            first_reason = std::move(reason);
        }
    }
    return fail(std::move(*first_reason));
}

}  // namespace bascule::access
