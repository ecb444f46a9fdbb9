#pragma once

#include <string>

#include "connectors/ldap/password_errors.hpp"
#include "connectors/ldap/policy_reader.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// Writes passwords to OpenLDAP. A reset is one modify by the service account, which must have
/// write access and not "manage" on userPassword, so that the directory's policy applies; a change
/// is a Password Modify operation on a connection of its own, bound as the owner. Sends nothing
/// over a connection that is neither encrypted nor local
/// (`forbidden`/"directory_insecure"). Thread-safe. Errors: see directory::PasswordWriter.
class OpenLdapPasswordWriter final : public directory::PasswordWriter {
  public:
    /// `work` outlives it.
    OpenLdapPasswordWriter(WorkConnection& work, PolicyLocation policies);

    [[nodiscard]] Result<directory::PasswordPolicy> policy(const std::string& dn, Deadline deadline)
        override;
    [[nodiscard]] Result<directory::AccountState> account_state(
        const std::string& dn, Deadline deadline
    ) override;
    /// A minimum age does not hold up an administrator's reset: the account is marked "must change"
    /// first, which lifts it, and stays marked.
    [[nodiscard]] Status reset(
        const std::string& dn, const Secret& password, directory::MustChange must_change,
        Deadline deadline
    ) override;
    [[nodiscard]] Status change(
        const std::string& dn, const Secret& old_password, const Secret& new_password,
        Deadline deadline
    ) override;
    /// An account that is not locked is left as it is.
    [[nodiscard]] Status unlock(const std::string& dn, Deadline deadline) override;

  private:
    [[nodiscard]] Result<Outcome> modify(
        const std::string& dn, const std::vector<Replacement>& changes, Deadline deadline
    );
    [[nodiscard]] Result<Outcome> reset_young(
        const std::string& dn, const std::vector<Replacement>& changes, Outcome refused,
        Deadline deadline
    );
    [[nodiscard]] Error refusal(
        const Outcome& outcome, PasswordAction action, const std::string& dn, Deadline deadline
    );

    WorkConnection& work_;
    PolicyReader policies_;
};

}  // namespace bascule::ldap
