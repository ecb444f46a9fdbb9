#pragma once

#include <string>

#include "connectors/ldap/dialects/ds389/policy_reader.hpp"
#include "connectors/ldap/password_errors.hpp"
#include "connectors/ldap/password_verifier.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// Writes passwords to 389 Directory Server. A reset is a Password Modify operation by the service
/// account: only that makes the server ask for a change at the next sign-in, and only an account
/// that is neither Directory Manager nor a password administrator obeys the policy. The server
/// takes it over encrypted connections only. A change is one modify bound as the owner, whose
/// refusal names the rule. Thread-safe. Errors: see directory::PasswordWriter.
class Ds389PasswordWriter final : public directory::PasswordWriter {
  public:
    /// `work` outlives it.
    explicit Ds389PasswordWriter(WorkConnection& work) : work_(work), policies_(work) {}

    [[nodiscard]] Result<directory::PasswordPolicy> policy(const std::string& dn, Deadline deadline)
        override;
    [[nodiscard]] Result<directory::AccountState> account_state(
        const std::string& dn, Deadline deadline
    ) override;
    /// Whether the person must change it is the policy's decision (passwordMustChange).
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
    [[nodiscard]] Error refusal(
        Outcome outcome, PasswordAction action, const std::string& dn, const Secret& password,
        Deadline deadline
    );

    WorkConnection& work_;
    Ds389PolicyReader policies_;
};

/// Signs people in by a bind; knows the lockout threshold of the global policy.
class Ds389PasswordVerifier final : public directory::PasswordVerifier {
  public:
    /// `work` outlives it.
    explicit Ds389PasswordVerifier(WorkConnection& work)
        : work_(work), binds_(work, {}), policies_(work) {}

    [[nodiscard]] Result<directory::SignInVerdict> verify(
        const std::string& dn, const Secret& password, directory::PasswordWriter::Deadline deadline
    ) override {
        return binds_.verify(dn, password, deadline);
    }
    [[nodiscard]] std::optional<std::uint32_t> lockout_threshold() override;

  private:
    WorkConnection& work_;
    BindPasswordVerifier binds_;
    Ds389PolicyReader policies_;
};

}  // namespace bascule::ldap
