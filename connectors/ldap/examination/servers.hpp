#pragma once

#include <optional>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/examination/examination.hpp"

namespace bascule::ldap {

/// Connects to each configured server, tells how that went, and gives a connection to the first
/// that took the account's name and password.
[[nodiscard]] std::optional<Connection> examine_servers(
    const ExaminationOptions& options, directory::Findings& findings
);

}  // namespace bascule::ldap
