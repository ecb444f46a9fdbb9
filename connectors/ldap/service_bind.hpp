#pragma once

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// Binds as the service account of the options. A secret is read anew; when the server refuses it
/// and it was rotated between reading and binding, a second attempt is made with the new one.
///
/// A bind by Kerberos that does not end in time leaves `connection` of no use but to be destroyed.
///
/// What a server refused is not tried again at once: see Reachability::may_bind(). Errors are those
/// of error_from_result().
[[nodiscard]] Status bind_service(
    Connection& connection, const ConnectionOptions& options, Deadline deadline
);

/// Fails when the account's secret was refused a short while ago; to be asked before connecting.
[[nodiscard]] Status may_bind_service(const ConnectionOptions& options);

}  // namespace bascule::ldap
