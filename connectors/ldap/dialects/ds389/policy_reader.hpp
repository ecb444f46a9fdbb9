#pragma once

#include <string>
#include <vector>

#include "connectors/ldap/dialects/ds389/password_rules.hpp"
#include "connectors/ldap/work_connection.hpp"

namespace bascule::ldap {

/// What is read of a policy; the account must be allowed to.
[[nodiscard]] const std::vector<std::string>& ds389_policy_attributes();

/// Reads the password policy of 389 Directory Server: that of the entry's pwdpolicysubentry (its
/// own or its subtree's) where such policies are switched on, else the global one of cn=config.
/// Thread-safe.
class Ds389PolicyReader {
  public:
    /// `work` outlives it.
    explicit Ds389PolicyReader(WorkConnection& work) : work_(work) {}

    /// An empty policy when the service account may not read it; `not_in_directory` when the entry
    /// is gone.
    [[nodiscard]] Result<Ds389Policy> policy_of(const std::string& dn, Deadline deadline);
    [[nodiscard]] Result<Ds389Policy> global_policy(Deadline deadline);

  private:
    WorkConnection& work_;
};

}  // namespace bascule::ldap
