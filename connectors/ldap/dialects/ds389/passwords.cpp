#include "connectors/ldap/dialects/ds389/passwords.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <functional>
#include <utility>

#include "connectors/ldap/confidential.hpp"
#include "connectors/ldap/directory_search.hpp"
#include "connectors/ldap/server_clock.hpp"
#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

using directory::AccountState;
using directory::MustChange;

namespace {

// The server's mark for a lock without an end.
constexpr std::string_view no_time = "19700101000000Z";
constexpr std::string_view syntax_prefix = "invalid password syntax - ";
/// All that a Password Modify operation says when a rule refuses it.
constexpr std::string_view exop_refusal = "Failed to update password";

bool is_true(const directory::SourceEntry& entry, std::string_view name) {
    return equals_ignoring_ascii_case(entry.first_value(name), "true");
}

std::optional<Time> time_of(const directory::SourceEntry& entry, std::string_view name) {
    const auto parsed = parse_generalized_time(entry.first_value(name));
    return parsed ? std::optional(*parsed) : std::nullopt;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

void set(Outcome& outcome, PolicyError error) {
    if (!outcome.policy) {
        outcome.policy.emplace();
    }
    outcome.policy->error = error;
}

/// A reset leaves the end of the lock in the entry and sets the failures to zero, which opens the
/// account.
bool is_locked(const directory::SourceEntry& entry, Time now) {
    if (entry.first_value("passwordRetryCount") == "0") {
        return false;
    }
    const auto until = time_of(entry, "accountUnlockTime");
    return entry.first_value("accountUnlockTime") == no_time || (until && *until > now);
}

/// Puts what this server says, and what it leaves out, into the terms of the draft.
void name_rule(Outcome& outcome, const Ds389Policy& policy, std::string_view password) {
    auto& text = outcome.diagnostic;
    if (outcome.code == LDAP_UNWILLING_TO_PERFORM && contains(text, "not allowed to change")) {
        set(outcome, PolicyError::change_not_allowed);
    }
    if (outcome.code != LDAP_CONSTRAINT_VIOLATION) {
        return;
    }
    const bool silent = contains(text, exop_refusal);
    if (silent && (!outcome.policy || !outcome.policy->error)) {
        // The one refusal without the control: it is the present password.
        set(outcome, PolicyError::in_history);
        text = "existing value";
    }
    if (!outcome.has(PolicyError::insufficient_quality)) {
        return;
    }
    if (contains(text, "characters long") || (silent && is_too_short(policy, password))) {
        set(outcome, PolicyError::too_short);
    } else if (silent) {
        const auto rule = broken_rule(policy, password);
        text = rule ? "password must " + *rule : std::string();
    } else if (text.starts_with(syntax_prefix)) {
        text.erase(0, syntax_prefix.size());
    }
}

}  // namespace

Result<directory::PasswordPolicy> Ds389PasswordWriter::policy(
    const std::string& dn, Deadline deadline
) {
    auto policy = policies_.policy_of(dn, deadline);
    if (!policy) {
        return fail(writeback_failure(std::move(policy).error(), false));
    }
    return std::move(policy->general);
}

Result<AccountState> Ds389PasswordWriter::account_state(const std::string& dn, Deadline deadline) {
    auto found = find_entry(
        work_, dn,
        {"nsAccountLock", "accountUnlockTime", "passwordRetryCount", "pwdReset",
         "passwordAllowChangeTime", "pwdUpdateTime"},
        deadline
    );
    if (!found) {
        return fail(writeback_failure(std::move(found).error(), false));
    }
    AccountState state;
    if (!*found) {
        return state;
    }
    const auto& entry = **found;
    const Time now = server_time(work_, ds389_clock, deadline);
    state.exists = true;
    state.disabled = is_true(entry, "nsAccountLock");
    state.locked = is_locked(entry, now);
    state.must_change = is_true(entry, "pwdReset");
    state.password_changed = time_of(entry, "pwdUpdateTime");
    const auto allowed = time_of(entry, "passwordAllowChangeTime");
    if (allowed && *allowed > now && !state.must_change) {
        state.too_young_until = allowed;
    }
    return state;
}

Status Ds389PasswordWriter::reset(
    const std::string& dn, const Secret& password, MustChange must_change, Deadline deadline
) {
    BASCULE_TRY(
        const auto outcome,
        write_confidentially(
            work_, deadline,
            [&](Connection& connection) {
                return connection.change_password(dn, Secret(std::string()), password, deadline);
            }
        )
    );
    if (!outcome.success()) {
        return fail(refusal(outcome, PasswordAction::reset, dn, password, deadline));
    }
    if (must_change == MustChange::yes) {
        const auto state = account_state(dn, deadline);
        if (state && !state->must_change) {
            log::warning(
                "must_change_not_set",
                "The directory does not ask for a change of the password that was reset; switch "
                "passwordMustChange on in its password policy.",
                {{"dn", dn}}
            );
        }
    }
    return {};
}

Status Ds389PasswordWriter::change(
    const std::string& dn, const Secret& old_password, const Secret& new_password, Deadline deadline
) {
    return change_as_owner(
        work_.options(), dn, old_password, new_password, deadline,
        [&](Connection& connection) {
            return connection.modify(dn, {{"userPassword", {new_password.reveal()}}}, deadline);
        },
        [&](const Outcome& outcome) {
            return refusal(outcome, PasswordAction::change, dn, new_password, deadline);
        }
    );
}

Status Ds389PasswordWriter::unlock(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(
        const auto outcome, write_confidentially(
                                work_, deadline,
                                [&](Connection& connection) {
                                    return connection.modify(
                                        dn,
                                        {{"accountUnlockTime", {}},
                                         {"passwordRetryCount", {}},
                                         {"retryCountResetTime", {}}},
                                        deadline
                                    );
                                }
                            )
    );
    if (outcome.success() || outcome.code == LDAP_NO_SUCH_ATTRIBUTE) {
        return {};
    }
    auto error = password_refusal(outcome, PasswordAction::reset, nullptr);
    if (error.code == "directory_denied") {
        error.detail =
            "The directory does not let the service account unlock this account. Give it an ACI "
            "with write access to accountUnlockTime, passwordRetryCount and retryCountResetTime. "
            "(Nothing was changed.)";
    }
    return fail(std::move(error));
}

/// The policy is read for its figures; a refusal is told without them when it cannot be.
Error Ds389PasswordWriter::refusal(
    Outcome outcome, PasswordAction action, const std::string& dn, const Secret& password,
    Deadline deadline
) {
    const auto known = policies_.policy_of(dn, deadline);
    const auto policy = known ? *known : Ds389Policy{};
    auto context = outcome.diagnostic;
    name_rule(outcome, policy, password.reveal());
    auto error = password_refusal(outcome, action, &policy.general);
    if (contains(context, "inactivated")) {
        error.kind = ErrorKind::forbidden;
        error.code = "account_disabled";
        error.detail = "The account is disabled in the directory. (Nothing was changed.)";
    }
    if (error.code == "directory_denied") {
        error.detail =
            "The directory does not let the service account change this password. Give it an ACI "
            "with write access to userPassword for this part of the tree. (Nothing was changed.)";
    }
    return error;
}

std::optional<std::uint32_t> Ds389PasswordVerifier::lockout_threshold() {
    const auto policy = policies_.global_policy(
        std::chrono::steady_clock::now() + work_.options().operation_timeout
    );
    return policy ? policy->general.lockout_threshold : std::nullopt;
}

}  // namespace bascule::ldap
