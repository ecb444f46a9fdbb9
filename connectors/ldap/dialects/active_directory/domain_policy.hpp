#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// What is read of an account before its password is touched.
struct DomainAccount {
    directory::AccountState state;
    directory::PasswordPolicy policy;
    bool password_never_expires = false;
};

/// Reads accounts and the policy that applies to each: the account's own one (a password settings
/// object, msDS-ResultantPSO) where the service account may read it, else the domain's.
/// Thread-safe.
class DomainPolicies {
  public:
    /// `work` outlives it; `base` is in the domain.
    DomainPolicies(WorkConnection& work, std::string base);

    /// `exists` of the state is false when the entry is gone.
    [[nodiscard]] Result<DomainAccount> account(const std::string& dn, Deadline deadline);
    [[nodiscard]] Result<directory::PasswordPolicy> domain_policy(Deadline deadline);
    /// The control that makes a server apply the history to a reset; nothing when it has none, as
    /// Samba.
    [[nodiscard]] Result<std::optional<std::string>> history_control(Deadline deadline);

  private:
    struct Domain {
        std::string naming_context;
        std::optional<std::string> history_control;
    };
    [[nodiscard]] Result<Domain> domain(Deadline deadline);
    [[nodiscard]] Result<directory::PasswordPolicy> policy_of(
        const std::string& own_policy, Deadline deadline
    );
    void describe(directory::PasswordPolicy& policy, const Domain& domain) const;

    WorkConnection& work_;
    std::string base_;
    std::mutex mutex_;
    std::optional<Domain> domain_;
};

}  // namespace bascule::ldap
