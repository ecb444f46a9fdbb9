#include "connectors/ldap/dialects/active_directory/domain_passwords.hpp"

#include <ldap.h>

#include <utility>

#include "connectors/ldap/confidential.hpp"
#include "connectors/ldap/dialects/active_directory/password_refusal.hpp"
#include "connectors/ldap/dialects/active_directory/password_text.hpp"
#include "connectors/ldap/errors.hpp"

namespace bascule::ldap {

using directory::AccountState;
using directory::MustChange;
using directory::PasswordPolicy;
using directory::SignInVerdict;

namespace {

// SEQUENCE { flags 1 }: apply the whole policy to this reset.
constexpr std::string_view apply_policy("\x30\x03\x02\x01\x01", 5);

Status require_usable(const AccountState& state) {
    if (!state.exists) {
        return fail(
            ErrorKind::not_found, "not_in_directory",
            "This person is not in the directory any more. (Nothing was changed.)"
        );
    }
    if (state.disabled || state.expired) {
        return fail(
            ErrorKind::forbidden, "account_disabled",
            state.disabled ? "The account is disabled in the directory. (Nothing was changed.)"
                           : "The account has expired in the directory. (Nothing was changed.)"
        );
    }
    if (state.locked) {
        return fail(
            ErrorKind::forbidden, "account_locked",
            "The account is locked in the directory. (Nothing was changed.)"
        );
    }
    return {};
}

}  // namespace

DomainPasswordWriter::DomainPasswordWriter(WorkConnection& work, std::string base)
    : work_(work), policies_(work, std::move(base)) {}

Result<DomainAccount> DomainPasswordWriter::read(const std::string& dn, Deadline deadline) {
    auto account = policies_.account(dn, deadline);
    if (!account) {
        return fail(writeback_failure(std::move(account).error(), false));
    }
    return account;
}

Result<PasswordPolicy> DomainPasswordWriter::policy(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(auto account, read(dn, deadline));
    if (!account.state.exists) {
        return fail(require_usable(account.state).error());
    }
    return std::move(account.policy);
}

Result<AccountState> DomainPasswordWriter::account_state(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(const auto account, read(dn, deadline));
    return account.state;
}

Result<Outcome> DomainPasswordWriter::modify(
    const std::string& dn, const std::vector<Change>& changes, const std::vector<Control>& controls,
    Deadline deadline
) {
    return write_confidentially(
        work_, deadline,
        [&](Connection& connection) {
            return modify_with_controls(connection, dn, changes, controls, deadline);
        },
        Protection::encrypted
    );
}

Status DomainPasswordWriter::reset(
    const std::string& dn, const Secret& password, MustChange must_change, Deadline deadline
) {
    BASCULE_TRY(const auto quoted, quoted_password(password));
    const auto history = policies_.history_control(deadline);
    if (!history) {
        return fail(writeback_failure(history.error(), false));
    }
    std::vector<Control> controls;
    if (*history) {
        controls.push_back({**history, std::string(apply_policy), true});
    }
    std::vector<Change> changes{{Change::Kind::replace, "unicodePwd", {quoted.reveal()}}};
    if (must_change == MustChange::yes) {
        changes.push_back({Change::Kind::replace, "pwdLastSet", {"0"}});
    }
    BASCULE_TRY(const auto outcome, modify(dn, changes, controls, deadline));
    if (outcome.success()) {
        return {};
    }
    const auto account = policies_.account(dn, deadline);
    return fail(domain_refusal(
        outcome, PasswordAction::reset, account ? *account : DomainAccount{}, password.reveal()
    ));
}

Status DomainPasswordWriter::change(
    const std::string& dn, const Secret& old_password, const Secret& new_password, Deadline deadline
) {
    BASCULE_CHECK(require_both(old_password, new_password));
    BASCULE_TRY(const auto account, read(dn, deadline));
    BASCULE_CHECK(require_usable(account.state));
    BASCULE_TRY(const auto old_quoted, quoted_password(old_password));
    BASCULE_TRY(const auto new_quoted, quoted_password(new_password));
    BASCULE_TRY(
        const auto outcome, modify(
                                dn,
                                {{Change::Kind::remove, "unicodePwd", {old_quoted.reveal()}},
                                 {Change::Kind::add, "unicodePwd", {new_quoted.reveal()}}},
                                {}, deadline
                            )
    );
    if (outcome.success()) {
        return {};
    }
    return fail(domain_refusal(outcome, PasswordAction::change, account, new_password.reveal()));
}

Status DomainPasswordWriter::unlock(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(
        const auto outcome,
        modify(dn, {{Change::Kind::replace, "lockoutTime", {"0"}}}, {}, deadline)
    );
    if (outcome.success()) {
        return {};
    }
    auto error = domain_refusal(outcome, PasswordAction::reset, DomainAccount{}, {});
    if (error.code == "directory_denied") {
        error.detail =
            "The directory does not let the service account unlock this account. It must be able "
            "to write lockoutTime there. (Nothing was changed.)";
    }
    return fail(std::move(error));
}

DomainPasswordVerifier::DomainPasswordVerifier(WorkConnection& work, std::string base)
    : work_(work), policies_(work, std::move(base)) {}

Result<SignInVerdict> DomainPasswordVerifier::verify(
    const std::string& dn, const Secret& password, directory::PasswordWriter::Deadline deadline
) {
    // Servers take an empty name or password for an anonymous bind, which succeeds.
    if (password.empty() || dn.empty()) {
        return SignInVerdict::rejected;
    }
    BASCULE_TRY(auto connection, Connection::open(work_.options(), deadline));
    BASCULE_CHECK(require_protection(connection, Protection::encrypted));
    BASCULE_TRY(const auto outcome, connection.bind(dn, password, deadline));
    if (outcome.success()) {
        return SignInVerdict::accepted;
    }
    if (outcome.code != LDAP_INVALID_CREDENTIALS) {
        return fail(error_from_result(outcome.code, outcome.diagnostic, "verifying a password"));
    }
    const auto data = bind_data(outcome.diagnostic);
    // Both are said of the right password only.
    if (data == "773" || data == "532") {
        return SignInVerdict::must_change;
    }
    return data == "775" ? SignInVerdict::locked : SignInVerdict::rejected;
}

std::optional<std::uint32_t> DomainPasswordVerifier::lockout_threshold() {
    const auto policy = policies_.domain_policy(
        std::chrono::steady_clock::now() + work_.options().operation_timeout
    );
    return policy ? policy->lockout_threshold : std::nullopt;
}

}  // namespace bascule::ldap
