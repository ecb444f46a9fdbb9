#pragma once

#include <functional>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/work_connection.hpp"

namespace bascule::ldap {

// Passwords go over encrypted or local connections only; everything else is
// `forbidden`/"directory_insecure" before anything is sent. Other errors are those of
// writeback_failure().

/// A connection that passwords may be sent over; not bound.
[[nodiscard]] Result<Connection> open_confidential(
    const ConnectionOptions& options, Deadline deadline
);

/// Runs `write` on such a connection of the service account.
[[nodiscard]] Result<Outcome> write_confidentially(
    WorkConnection& work, Deadline deadline,
    const std::function<Result<Outcome>(Connection&)>& write
);

}  // namespace bascule::ldap
