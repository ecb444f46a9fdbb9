#pragma once

#include <functional>
#include <string>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/work_connection.hpp"

namespace bascule::ldap {

// Passwords go over encrypted or local connections only; everything else is
// `forbidden`/"directory_insecure" before anything is sent. Other errors are those of
// writeback_failure().

/// What a connection must be to carry a password: some servers refuse passwords in clear even from
/// the same machine.
enum class Protection { encrypted_or_local, encrypted };
[[nodiscard]] Status require_protection(const Connection& connection, Protection protection);

/// A connection that passwords may be sent over; not bound.
[[nodiscard]] Result<Connection> open_confidential(
    const ConnectionOptions& options, Deadline deadline
);

/// Runs `write` on such a connection of the service account.
[[nodiscard]] Result<Outcome> write_confidentially(
    WorkConnection& work, Deadline deadline,
    const std::function<Result<Outcome>(Connection&)>& write,
    Protection protection = Protection::encrypted_or_local
);

/// Both are given; `invalid_input`/"wrong_password".
[[nodiscard]] Status require_both(const Secret& old_password, const Secret& new_password);

/// A person's own change: `write` runs on a connection of its own, bound with the old password.
/// When the server refuses the bind or the change, the error is what `refuse` says of it.
[[nodiscard]] Status change_as_owner(
    const ConnectionOptions& options, const std::string& dn, const Secret& old_password,
    const Secret& new_password, Deadline deadline,
    const std::function<Result<Outcome>(Connection&)>& write,
    const std::function<Error(const Outcome&)>& refuse
);

}  // namespace bascule::ldap
