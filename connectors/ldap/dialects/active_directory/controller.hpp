#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "connectors/ldap/connection.hpp"
#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

/// What must be known of a domain controller and its domain before its changes can be followed.
struct Controller {
    std::string naming_context;  ///< the domain that holds the base
    std::string service_name;    ///< dsServiceName: which controller it is
    Uuid database;               ///< invocationId: another one after a restored backup
    std::string domain_sid;      ///< as text
    std::optional<std::chrono::seconds> lockout;  ///< nothing: until unlocked
    std::chrono::milliseconds clock_offset{0};    ///< its clock minus ours

    [[nodiscard]] Time now() const;
};

/// `not_found`/"base_missing" when no domain of the server holds the base.
[[nodiscard]] Result<Controller> read_controller(
    Connection& connection, const std::string& base, Deadline deadline
);

/// Whether the account sees any deleted object of the domain. While it sees none, that proves
/// nothing: there may be none.
[[nodiscard]] Result<bool> sees_deleted_objects(
    Connection& connection, const Controller& controller, std::chrono::milliseconds patience
);

}  // namespace bascule::ldap
