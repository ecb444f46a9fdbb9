#pragma once

#include <string_view>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/dialects/active_directory/domain_policy.hpp"
#include "connectors/ldap/password_errors.hpp"

namespace bascule::ldap {

/// Turns a domain controller's refusal of a password into the rule that failed. Samba names it in
/// words; Active Directory says "0000052D" for every rule, so that what is known of the policy and
/// the account decides. Codes are those of directory::PasswordWriter.
[[nodiscard]] Error domain_refusal(
    const Outcome& outcome, PasswordAction action, const DomainAccount& account,
    std::string_view new_password
);

/// The code behind "data" of a refused bind, "52e" or "775"; empty without one.
[[nodiscard]] std::string_view bind_data(std::string_view diagnostic);

}  // namespace bascule::ldap
