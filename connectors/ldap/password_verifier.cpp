#include "connectors/ldap/password_verifier.hpp"

#include <ldap.h>

#include <utility>

#include "connectors/ldap/errors.hpp"

namespace bascule::ldap {

using directory::SignInVerdict;

namespace {

/// Codes that mean "not this name with this password", whatever the reason.
bool rejects(int code) {
    return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH ||
           code == LDAP_NO_SUCH_OBJECT || code == LDAP_INVALID_DN_SYNTAX ||
           code == LDAP_INSUFFICIENT_ACCESS || code == LDAP_CONSTRAINT_VIOLATION ||
           code == LDAP_UNWILLING_TO_PERFORM;
}

}  // namespace

BindPasswordVerifier::BindPasswordVerifier(WorkConnection& work, PolicyLocation policies)
    : work_(work), policies_(work, std::move(policies)) {}

Result<SignInVerdict> BindPasswordVerifier::verify(
    const std::string& dn, const Secret& password, directory::PasswordWriter::Deadline deadline
) {
    // Servers take an empty name or password for an anonymous bind, which succeeds.
    if (password.empty() || dn.empty()) {
        return SignInVerdict::rejected;
    }
    BASCULE_TRY(auto connection, Connection::open(work_.options(), deadline));
    if (!connection.confidential()) {
        return fail(
            ErrorKind::forbidden, "directory_insecure",
            "Passwords are not sent to the directory over a connection that is not encrypted. Use "
            "ldaps:// or switch "
            "StartTLS on."
        );
    }
    BASCULE_TRY(const auto outcome, connection.bind(dn, password, deadline));
    if (outcome.success()) {
        return outcome.has(PolicyError::change_after_reset) ? SignInVerdict::must_change
                                                            : SignInVerdict::accepted;
    }
    if (outcome.has(PolicyError::account_locked)) {
        return SignInVerdict::locked;
    }
    if (rejects(outcome.code)) {
        return SignInVerdict::rejected;
    }
    return fail(error_from_result(outcome.code, outcome.diagnostic, "verifying a password"));
}

std::optional<std::uint32_t> BindPasswordVerifier::lockout_threshold() {
    const auto policy = policies_.default_policy(
        std::chrono::steady_clock::now() + work_.options().operation_timeout
    );
    return policy ? policy->lockout_threshold : std::nullopt;
}

}  // namespace bascule::ldap
