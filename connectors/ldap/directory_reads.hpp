#pragma once

#include <string>
#include <string_view>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/sync_cookie.hpp"

namespace bascule::ldap {

/// The naming context of the server that holds `base`; `base` itself when the root entry names
/// none.
[[nodiscard]] Result<std::string> naming_context_of(
    Connection& connection, const std::string& base, Deadline deadline
);

/// The newest stamps that the provider has committed (contextCSN of the naming context).
[[nodiscard]] Result<SyncCookie> provider_stamps(
    Connection& connection, const std::string& naming_context, Deadline deadline
);

}  // namespace bascule::ldap
