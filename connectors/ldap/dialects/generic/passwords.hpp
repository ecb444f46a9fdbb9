#pragma once

#include <string>

#include "connectors/ldap/password_errors.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// Writes passwords to any LDAPv3 server: by the Password Modify operation (RFC 3062) where the
/// root entry offers it, else, when the operator allows it, by replacing userPassword. Rules and
/// states of accounts cannot be read, and nobody can be made to change a password. Thread-safe.
/// Errors: see directory::PasswordWriter.
class GenericPasswordWriter final : public directory::PasswordWriter {
  public:
    /// `work` outlives it. `replaces`: userPassword may be replaced.
    GenericPasswordWriter(WorkConnection& work, bool replaces) : work_(work), replaces_(replaces) {}

    [[nodiscard]] Result<directory::PasswordPolicy> policy(const std::string& dn, Deadline deadline)
        override;
    /// Tells only whether the account exists.
    [[nodiscard]] Result<directory::AccountState> account_state(
        const std::string& dn, Deadline deadline
    ) override;
    [[nodiscard]] Status reset(
        const std::string& dn, const Secret& password, directory::MustChange must_change,
        Deadline deadline
    ) override;
    [[nodiscard]] Status change(
        const std::string& dn, const Secret& old_password, const Secret& new_password,
        Deadline deadline
    ) override;
    /// Always refused.
    [[nodiscard]] Status unlock(const std::string& dn, Deadline deadline) override;

  private:
    /// By what the server offers; `old_password` empty: a reset.
    [[nodiscard]] Result<Outcome> write(
        Connection& connection, const std::string& dn, const Secret& old_password,
        const Secret& new_password, Deadline deadline
    ) const;

    WorkConnection& work_;
    bool replaces_;
};

}  // namespace bascule::ldap
