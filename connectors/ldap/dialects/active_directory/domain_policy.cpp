#include "connectors/ldap/dialects/active_directory/domain_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/ldap/dialects/active_directory/account.hpp"
#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "connectors/ldap/dialects/dialect.hpp"
#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/directory_search.hpp"
#include "connectors/ldap/policy_reader.hpp"
#include "connectors/ldap/server_clock.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::PasswordPolicy;
using directory::SourceEntry;
using std::chrono::seconds;

namespace {

constexpr std::int64_t complexity_bit = 1;
// LDAP_SERVER_POLICY_HINTS and its older number.
constexpr std::array<const char*, 2> history_controls{
    "1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"};

std::optional<std::uint32_t> number(const SourceEntry& entry, std::string_view attribute) {
    const auto value = integer_value(entry, attribute);
    return value && *value > 0 ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

std::optional<seconds> duration(const SourceEntry& entry, std::string_view attribute) {
    const auto value = integer_value(entry, attribute);
    return value ? duration_from_ticks(*value) : std::nullopt;
}

PasswordPolicy from_domain(const SourceEntry& head) {
    PasswordPolicy policy;
    policy.minimum_length = number(head, "minPwdLength");
    policy.history = number(head, "pwdHistoryLength");
    policy.minimum_age = duration(head, "minPwdAge");
    policy.maximum_age = duration(head, "maxPwdAge");
    policy.lockout_threshold = number(head, "lockoutThreshold");
    policy.lockout_duration = duration(head, "lockoutDuration");
    policy.quality_checked =
        (integer_value(head, "pwdProperties").value_or(0) & complexity_bit) != 0;
    return policy;
}

PasswordPolicy from_settings(const SourceEntry& settings) {
    PasswordPolicy policy;
    policy.minimum_length = number(settings, "msDS-MinimumPasswordLength");
    policy.history = number(settings, "msDS-PasswordHistoryLength");
    policy.minimum_age = duration(settings, "msDS-MinimumPasswordAge");
    policy.maximum_age = duration(settings, "msDS-MaximumPasswordAge");
    policy.lockout_threshold = number(settings, "msDS-LockoutThreshold");
    policy.lockout_duration = duration(settings, "msDS-LockoutDuration");
    const auto& complex = settings.values("msDS-PasswordComplexityEnabled");
    policy.quality_checked =
        !complex.empty() && equals_ignoring_ascii_case(complex.front(), "TRUE");
    return policy;
}

directory::AccountState state_of(const SourceEntry& entry, const PasswordPolicy& policy, Time now) {
    directory::AccountState state;
    const auto facts = account_facts(entry, policy.lockout_duration, now);
    state.exists = true;
    state.disabled = facts.disabled;
    state.locked = facts.locked;
    state.expired = facts.expired;
    state.protected_account = integer_value(entry, "adminCount").value_or(0) == 1;
    const auto set = integer_value(entry, "pwdLastSet");
    state.must_change = set && *set == 0;
    state.password_changed = set ? time_from_ticks(*set) : std::nullopt;
    if (state.password_changed && policy.minimum_age) {
        const auto until = *state.password_changed + *policy.minimum_age;
        if (until > now) {
            state.too_young_until = until;
        }
    }
    return state;
}

}  // namespace

DomainPolicies::DomainPolicies(WorkConnection& work, std::string base)
    : work_(work), base_(std::move(base)) {}

Result<DomainPolicies::Domain> DomainPolicies::domain(Deadline deadline) {
    const std::lock_guard lock(mutex_);
    if (domain_) {
        return *domain_;
    }
    BASCULE_TRY(
        domain_,
        work_.run<std::optional<Domain>>(
            deadline,
            [&](Connection& connection) -> Result<std::optional<Domain>> {
                Domain found;
                BASCULE_TRY(found.naming_context, naming_context_of(connection, base_, deadline));
                BASCULE_TRY(const auto root, read_root_entry(connection, deadline));
                const auto& offered = root.values("supportedControl");
                for (const auto* control : history_controls) {
                    if (!found.history_control &&
                        std::ranges::find(offered, control) != offered.end()) {
                        found.history_control = control;
                    }
                }
                return std::optional(std::move(found));
            }
        )
    );
    return *domain_;
}

Result<std::optional<std::string>> DomainPolicies::history_control(Deadline deadline) {
    BASCULE_TRY(const auto known, domain(deadline));
    return known.history_control;
}

Result<PasswordPolicy> DomainPolicies::domain_policy(Deadline deadline) {
    return policy_of({}, deadline);
}

Result<PasswordPolicy> DomainPolicies::policy_of(const std::string& own_policy, Deadline deadline) {
    BASCULE_TRY(const auto known, domain(deadline));
    PasswordPolicy policy;
    if (!own_policy.empty()) {
        BASCULE_TRY(const auto settings, find_entry(work_, own_policy, {}, deadline));
        if (settings && number(*settings, "msDS-PasswordSettingsPrecedence")) {
            policy = from_settings(*settings);
            describe(policy, known);
            return policy;
        }
    }
    BASCULE_TRY(
        const auto head, find_entry(
                             work_, known.naming_context,
                             {"minPwdLength", "pwdHistoryLength", "minPwdAge", "maxPwdAge",
                              "pwdProperties", "lockoutThreshold", "lockoutDuration"},
                             deadline
                         )
    );
    policy = head ? from_domain(*head) : PasswordPolicy{};
    describe(policy, known);
    if (!own_policy.empty()) {
        policy.sentences.emplace_back(
            "A policy of its own applies to this account, which the service account may not read; "
            "its rules may be stricter."
        );
    }
    return policy;
}

void DomainPolicies::describe(PasswordPolicy& policy, const Domain& domain) const {
    auto& sentences = policy.sentences;
    if (policy.minimum_length) {
        sentences.push_back(fmt::format("At least {} characters.", *policy.minimum_length));
    }
    if (policy.quality_checked) {
        sentences.emplace_back(
            "Characters of three kinds out of capitals, small letters, digits, signs and others; "
            "not the account's name nor a part of the display name."
        );
    }
    policy.enforced_on_reset = domain.history_control.has_value() || !policy.history;
    if (policy.history) {
        sentences.push_back(fmt::format("Not one of the last {} passwords.", *policy.history));
    }
    if (!policy.enforced_on_reset) {
        sentences.emplace_back(
            "This directory cannot compare a reset with earlier passwords; it does so only when "
            "people change their password themselves."
        );
    }
    if (policy.minimum_age) {
        sentences.push_back(fmt::format(
            "People can change a password again after {}.", duration_in_words(*policy.minimum_age)
        ));
    }
    if (policy.maximum_age) {
        sentences.push_back(
            fmt::format("A password is valid for {}.", duration_in_words(*policy.maximum_age))
        );
    }
}

Result<DomainAccount> DomainPolicies::account(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(
        const auto entry,
        find_entry(
            work_, dn,
            {"userAccountControl", "msDS-User-Account-Control-Computed", "lockoutTime",
             "accountExpires", "pwdLastSet", "adminCount", "msDS-ResultantPSO"},
            deadline
        )
    );
    DomainAccount account;
    if (!entry) {
        return account;
    }
    BASCULE_TRY(account.policy, policy_of(entry->first_value("msDS-ResultantPSO"), deadline));
    account.state = state_of(*entry, account.policy, server_time(work_, domain_clock, deadline));
    account.password_never_expires =
        (integer_value(*entry, "userAccountControl").value_or(0) & password_never_expires) != 0;
    account.policy.must_change_after_reset = !account.password_never_expires;
    if (account.password_never_expires) {
        account.policy.maximum_age.reset();
        account.policy.sentences.emplace_back(
            "The password of this account never expires; the directory does not ask for another "
            "one at the next sign-in."
        );
    }
    return account;
}

}  // namespace bascule::ldap
