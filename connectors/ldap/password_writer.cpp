#include "connectors/ldap/password_writer.hpp"

#include <ldap.h>

#include <utility>

#include "connectors/ldap/confidential.hpp"
#include "connectors/ldap/directory_search.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/server_clock.hpp"
#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

using directory::AccountState;
using directory::MustChange;
using directory::PasswordPolicy;

namespace {

// ppolicy's mark for an account that an administrator locked for good.
constexpr std::string_view locked_for_good = "000001010000Z";

std::optional<Time> time_value(const directory::SourceEntry& entry, std::string_view attribute) {
    const auto& values = entry.values(attribute);
    if (values.empty()) {
        return std::nullopt;
    }
    const auto parsed = parse_generalized_time(values.front());
    return parsed ? std::optional(*parsed) : std::nullopt;
}

bool is_locked(const directory::SourceEntry& entry, const PasswordPolicy& policy, Time now) {
    const auto& values = entry.values("pwdAccountLockedTime");
    if (values.empty()) {
        return false;
    }
    if (values.front() == locked_for_good || !policy.lockout_duration) {
        return true;
    }
    const auto since = time_value(entry, "pwdAccountLockedTime");
    return !since || *since + *policy.lockout_duration > now;
}

}  // namespace

OpenLdapPasswordWriter::OpenLdapPasswordWriter(WorkConnection& work, PolicyLocation policies)
    : work_(work), policies_(work, std::move(policies)) {}

Result<PasswordPolicy> OpenLdapPasswordWriter::policy(const std::string& dn, Deadline deadline) {
    auto policy = policies_.policy_of(dn, deadline);
    if (!policy) {
        return fail(writeback_failure(std::move(policy).error(), false));
    }
    return policy;
}

Result<AccountState> OpenLdapPasswordWriter::account_state(
    const std::string& dn, Deadline deadline
) {
    auto found = find_entry(
        work_, dn, {"pwdAccountLockedTime", "pwdReset", "pwdChangedTime", "pwdPolicySubentry"},
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
    const std::string own_policy = entry.first_value("pwdPolicySubentry");
    auto policy = own_policy.empty() ? policies_.default_policy(deadline)
                                     : policies_.read(own_policy, deadline);
    if (!policy) {
        return fail(writeback_failure(std::move(policy).error(), false));
    }
    const Time now = server_time(work_, openldap_clock, deadline);
    state.exists = true;
    // slapd never writes this mark itself: somebody shut the account, and a new password would open
    // it.
    state.disabled = entry.first_value("pwdAccountLockedTime") == locked_for_good;
    state.locked = is_locked(entry, *policy, now);
    state.must_change = equals_ignoring_ascii_case(entry.first_value("pwdReset"), "TRUE");
    state.password_changed = time_value(entry, "pwdChangedTime");
    if (state.password_changed && policy->minimum_age && !state.must_change) {
        const auto until = *state.password_changed + *policy->minimum_age;
        if (until > now) {
            state.too_young_until = until;
        }
    }
    return state;
}

Status OpenLdapPasswordWriter::reset(
    const std::string& dn, const Secret& password, MustChange must_change, Deadline deadline
) {
    std::vector<Replacement> changes{{"userPassword", {password.reveal()}}};
    if (must_change == MustChange::yes) {
        changes.push_back({"pwdReset", {"TRUE"}});
    }
    auto outcome = modify(dn, changes, deadline);
    if (outcome && outcome->has(PolicyError::too_young)) {
        outcome = reset_young(dn, changes, *std::move(outcome), deadline);
    }
    if (!outcome) {
        return fail(std::move(outcome).error());
    }
    return outcome->success() ? Status()
                              : fail(refusal(*outcome, PasswordAction::reset, dn, deadline));
}

/// The minimum age looks at the stored entry: once that says "must change", the password may be
/// replaced. A refusal of the second step takes the mark back.
Result<Outcome> OpenLdapPasswordWriter::reset_young(
    const std::string& dn, const std::vector<Replacement>& changes, Outcome refused,
    Deadline deadline
) {
    BASCULE_TRY(const auto marked, modify(dn, {{"pwdReset", {"TRUE"}}}, deadline));
    if (!marked.success()) {
        return refused;
    }
    auto outcome = modify(dn, changes, deadline);
    if (outcome && !outcome->success()) {
        BASCULE_TRY(const auto unmarked, modify(dn, {{"pwdReset", {}}}, deadline));
        static_cast<void>(unmarked);
    }
    return outcome;
}

Status OpenLdapPasswordWriter::change(
    const std::string& dn, const Secret& old_password, const Secret& new_password, Deadline deadline
) {
    return change_as_owner(
        work_.options(), dn, old_password, new_password, deadline,
        [&](Connection& connection) {
            return connection.change_password(dn, old_password, new_password, deadline);
        },
        [&](const Outcome& outcome) {
            return refusal(outcome, PasswordAction::change, dn, deadline);
        }
    );
}

Status OpenLdapPasswordWriter::unlock(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(const auto outcome, modify(dn, {{"pwdAccountLockedTime", {}}}, deadline));
    if (outcome.success() || outcome.code == LDAP_NO_SUCH_ATTRIBUTE) {
        return {};
    }
    return fail(refusal(outcome, PasswordAction::reset, dn, deadline));
}

Result<Outcome> OpenLdapPasswordWriter::modify(
    const std::string& dn, const std::vector<Replacement>& changes, Deadline deadline
) {
    return write_confidentially(work_, deadline, [&](Connection& connection) {
        return connection.modify(dn, changes, deadline);
    });
}

/// The policy is read for its figures; a refusal is told without them when it cannot be.
Error OpenLdapPasswordWriter::refusal(
    const Outcome& outcome, PasswordAction action, const std::string& dn, Deadline deadline
) {
    const auto known = policies_.policy_of(dn, deadline);
    return password_refusal(outcome, action, known ? &*known : nullptr);
}

}  // namespace bascule::ldap
