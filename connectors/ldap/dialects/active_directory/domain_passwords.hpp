#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dialects/active_directory/domain_policy.hpp"
#include "connectors/ldap/password_errors.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// Writes passwords to Active Directory and Samba: unicodePwd and nothing else, over TLS only
/// (`forbidden`/"directory_insecure"), with the account's state read before. A reset carries the
/// control that applies the history where the server has it. userAccountControl is never written,
/// and userPassword never, which a domain may store in clear text. Thread-safe. Errors: see
/// directory::PasswordWriter.
class DomainPasswordWriter final : public directory::PasswordWriter {
  public:
    /// `work` outlives it; `base` is in the domain.
    DomainPasswordWriter(WorkConnection& work, std::string base);

    [[nodiscard]] Result<directory::PasswordPolicy> policy(const std::string& dn, Deadline deadline)
        override;
    [[nodiscard]] Result<directory::AccountState> account_state(
        const std::string& dn, Deadline deadline
    ) override;
    /// "Must change" is written in the same modify (pwdLastSet 0). Does not unlock.
    [[nodiscard]] Status reset(
        const std::string& dn, const Secret& password, directory::MustChange must_change,
        Deadline deadline
    ) override;
    /// By the service account's connection, because who must change a password cannot bind; the old
    /// password is proved by the modify itself. A locked, disabled or expired account is refused
    /// before anything is sent, so that no failure is counted.
    [[nodiscard]] Status change(
        const std::string& dn, const Secret& old_password, const Secret& new_password,
        Deadline deadline
    ) override;
    /// lockoutTime 0, and nothing else.
    [[nodiscard]] Status unlock(const std::string& dn, Deadline deadline) override;

  private:
    [[nodiscard]] Result<DomainAccount> read(const std::string& dn, Deadline deadline);
    [[nodiscard]] Result<Outcome> modify(
        const std::string& dn, const std::vector<Change>& changes,
        const std::vector<Control>& controls, Deadline deadline
    );

    WorkConnection& work_;
    DomainPolicies policies_;
};

/// Proves a password by a bind over TLS on a connection of its own. Domain controllers tell why a
/// right password does not sign in, which decides the verdict.
class DomainPasswordVerifier final : public directory::PasswordVerifier {
  public:
    /// `work` outlives it; `base` is in the domain.
    DomainPasswordVerifier(WorkConnection& work, std::string base);

    [[nodiscard]] Result<directory::SignInVerdict> verify(
        const std::string& dn, const Secret& password, directory::PasswordWriter::Deadline deadline
    ) override;
    /// Of the domain's policy.
    [[nodiscard]] std::optional<std::uint32_t> lockout_threshold() override;

  private:
    WorkConnection& work_;
    DomainPolicies policies_;
};

}  // namespace bascule::ldap
