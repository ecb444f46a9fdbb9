#pragma once

#include <string>

#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// Reads OpenLDAP's password policy (slapo-ppolicy): that of an entry's pwdPolicySubentry, else the
/// default one. Thread-safe.
class PolicyReader {
  public:
    /// `default_policy_dn`: the value of ppolicy_default, which the server does not tell; empty:
    /// entries without a policy of their own have none that is known. `work` outlives it.
    PolicyReader(WorkConnection& work, std::string default_policy_dn);

    /// The policy that applies to an entry. `not_in_directory` when the entry is gone.
    [[nodiscard]] Result<directory::PasswordPolicy> policy_of(
        const std::string& dn, Deadline deadline
    );
    /// The policy kept at `policy_dn`; an empty one when `policy_dn` is empty or cannot be read.
    [[nodiscard]] Result<directory::PasswordPolicy> read(
        const std::string& policy_dn, Deadline deadline
    );

    [[nodiscard]] const std::string& default_policy_dn() const { return default_policy_dn_; }

  private:
    WorkConnection& work_;
    std::string default_policy_dn_;
};

/// "5 minutes", "1 day": the largest unit that is exact.
[[nodiscard]] std::string duration_in_words(std::chrono::seconds duration);

}  // namespace bascule::ldap
