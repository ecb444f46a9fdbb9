#pragma once

#include "directory/access/roles.hpp"

namespace bascule::access {

/// What an administrator wants to do to a person. Each has a grid of its own.
enum class Action {
    reset_password,          ///< also ends the person's sessions
    change_sensitive_data,   ///< enable or disable, phones, other mails, user name, delete and
                             ///< restore
    manage_sign_in_methods,  ///< authentication phones and other factors
};

/// May a tenant-wide holder of `actor` do this to a person without any role?
[[nodiscard]] bool is_acting_role(Action action, Role actor);

/// May a tenant-wide holder of `actor` do this to a person who holds `target`? For several roles of
/// the target every one must be allowed.
[[nodiscard]] bool may_act_on(Action action, Role actor, Role target);

/// Privileged Authentication and Global Administrators act on everybody, members and owners of
/// role-assignable groups included.
[[nodiscard]] bool acts_on_everybody(Role actor);

}  // namespace bascule::access
