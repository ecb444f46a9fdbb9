#pragma once

#include <string>

#include "connectors/ldap/policy_reader.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// Proves a password by binding on a connection of its own, so that the identity of a service
/// connection never changes. Sends nothing over a connection that is neither encrypted nor local.
/// Thread-safe.
///
/// Errors: `unavailable`/"directory_unavailable", `timeout`/"directory_timeout",
/// `forbidden`/"directory_insecure".
class BindPasswordVerifier final : public directory::PasswordVerifier {
  public:
    /// `work` outlives it.
    BindPasswordVerifier(WorkConnection& work, PolicyLocation policies);

    [[nodiscard]] Result<directory::SignInVerdict> verify(
        const std::string& dn, const Secret& password, directory::PasswordWriter::Deadline deadline
    ) override;
    /// Of the default policy.
    [[nodiscard]] std::optional<std::uint32_t> lockout_threshold() override;

  private:
    WorkConnection& work_;
    PolicyReader policies_;
};

}  // namespace bascule::ldap
