#pragma once

#include <mutex>
#include <string>

#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// Where the default policy stands. slapd does not tell its ppolicy_default, so it is either known
/// by its DN or taken to be the only policy entry below the naming context of `base`.
struct PolicyLocation {
    std::string dn;
    std::string base;
};

/// Reads OpenLDAP's password policy (slapo-ppolicy): that of an entry's pwdPolicySubentry, else the
/// default one. Thread-safe.
class PolicyReader {
  public:
    /// `work` outlives it.
    PolicyReader(WorkConnection& work, PolicyLocation location);

    /// The policy that applies to an entry. `not_in_directory` when the entry is gone.
    [[nodiscard]] Result<directory::PasswordPolicy> policy_of(
        const std::string& dn, Deadline deadline
    );
    /// The policy kept at `policy_dn`; an empty one when `policy_dn` is empty or cannot be read.
    [[nodiscard]] Result<directory::PasswordPolicy> read(
        const std::string& policy_dn, Deadline deadline
    );

    /// The default policy; an empty one when there is none, or several and no DN is known.
    [[nodiscard]] Result<directory::PasswordPolicy> default_policy(Deadline deadline);

  private:
    [[nodiscard]] Result<std::string> locate(Deadline deadline);

    WorkConnection& work_;
    PolicyLocation location_;
    std::mutex mutex_;
    bool located_ = false;
};

/// "5 minutes", "1 day": the largest unit that is exact.
[[nodiscard]] std::string duration_in_words(std::chrono::seconds duration);

}  // namespace bascule::ldap
