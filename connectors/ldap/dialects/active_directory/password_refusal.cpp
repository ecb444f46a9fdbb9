#include "connectors/ldap/dialects/active_directory/password_refusal.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <utility>

#include "connectors/ldap/dialects/active_directory/password_text.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/policy_reader.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::PasswordPolicy;

constexpr std::string_view not_accepted = "The directory did not accept this password: ";

struct Refusal {
    const char* code;
    std::string sentence;
    ErrorKind kind = ErrorKind::policy_rejected;
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

Refusal too_short(const PasswordPolicy& policy) {
    return {
        "password_too_short",
        policy.minimum_length
            ? fmt::format(
                  "{}it is too short. Choose one with at least {} characters.", not_accepted,
                  *policy.minimum_length
              )
            : fmt::format("{}it is too short. Choose a longer one.", not_accepted)};
}

Refusal too_simple() {
    return {
        "password_quality",
        fmt::format(
            "{}it is too simple. It needs characters of three kinds out of capitals, small "
            "letters, digits, signs and others, and must not hold the account's name or a part of "
            "the display name.",
            not_accepted
        )};
}

Refusal in_history(const PasswordPolicy& policy) {
    return {
        "password_in_history",
        policy.history
            ? fmt::format(
                  "{}it is one of the last {} used. Choose another.", not_accepted, *policy.history
              )
            : fmt::format("{}it was used before. Choose another.", not_accepted)};
}

Refusal too_young(const PasswordPolicy& policy) {
    const std::string age = policy.minimum_age
                                ? "less than " + duration_in_words(*policy.minimum_age) + " ago"
                                : std::string("too recently");
    return {
        "password_too_young",
        "The directory did not accept a new password: the present one was set " + age +
            ". Try again later."};
}

/// Samba's own words (dsdb/samdb/ldb_modules/password_hash.c).
std::optional<Refusal> by_words(std::string_view text, const PasswordPolicy& policy) {
    if (contains(text, "too short")) {
        return too_short(policy);
    }
    if (contains(text, "complexity criteria")) {
        return too_simple();
    }
    if (contains(text, "in history") || contains(text, "previous password")) {
        return in_history(policy);
    }
    if (contains(text, "too young")) {
        return too_young(policy);
    }
    if (contains(text, "changes disabled") || contains(text, "cannot be changed") ||
        contains(text, "password changes")) {
        return Refusal{
            "password_change_not_allowed",
            "The directory does not let people change this password themselves. Ask the help desk.",
            ErrorKind::forbidden};
    }
    return std::nullopt;
}

/// Active Directory names no rule: the first that is known to be broken is told.
Refusal by_policy(
    PasswordAction action, const DomainAccount& account, std::string_view new_password
) {
    const PasswordPolicy& policy = account.policy;
    if (policy.minimum_length && password_units(new_password) < *policy.minimum_length) {
        return too_short(policy);
    }
    if (policy.quality_checked && !is_complex(new_password)) {
        return too_simple();
    }
    if (action == PasswordAction::change && account.state.too_young_until) {
        return too_young(policy);
    }
    return {
        "password_quality",
        fmt::format(
            "{}it breaks a rule of the domain that the directory does not name. It is long and "
            "mixed enough, so it was probably used before, or it holds a part of the name.",
            not_accepted
        )};
}

Refusal denied(PasswordAction action) {
    if (action == PasswordAction::change) {
        return {
            "password_change_not_allowed",
            "The directory does not let people change this password themselves. Ask the help desk.",
            ErrorKind::forbidden};
    }
    return {
        "directory_denied",
        "The directory does not let the service account reset this password. It needs the right "
        "\"Reset Password\" and may write pwdLastSet there; accounts of administrators are "
        "protected from it.",
        ErrorKind::forbidden};
}

Refusal wrong_old() {
    return {"wrong_password", "The present password is not right.", ErrorKind::unauthenticated};
}

/// What only a domain says; nothing for what every directory says alike.
std::optional<Refusal> find_refusal(
    const Outcome& outcome, PasswordAction action, const DomainAccount& account,
    std::string_view new_password
) {
    const std::string text = to_ascii_lower(outcome.diagnostic);
    if (outcome.code == LDAP_CONSTRAINT_VIOLATION || outcome.code == LDAP_UNWILLING_TO_PERFORM) {
        if (contains(text, "00000056") && action == PasswordAction::change) {
            return wrong_old();
        }
        if (contains(text, "00000775")) {
            return Refusal{
                "account_locked", "The account is locked in the directory.", ErrorKind::forbidden};
        }
        if (contains(text, "0000052d")) {
            const auto named = by_words(text, account.policy);
            return named ? *named : by_policy(action, account, new_password);
        }
        // The second is all that Samba says to who may not change a password.
        if (contains(text, "00000005") || contains(text, "error in module acl")) {
            return denied(action);
        }
    }
    switch (outcome.code) {
        case LDAP_INSUFFICIENT_ACCESS:
            return denied(action);
        case LDAP_UNWILLING_TO_PERFORM:
            if (contains(text, "0000001f") || contains(text, "00002077")) {
                return Refusal{
                    "directory_insecure",
                    "The directory takes passwords over encrypted connections only. Use ldaps:// "
                    "or StartTLS.",
                    ErrorKind::forbidden};
            }
            break;
        case LDAP_CONSTRAINT_VIOLATION:
            return by_words(text, account.policy).value_or(too_simple());
        default:
            break;
    }
    return std::nullopt;
}

}  // namespace

Error domain_refusal(
    const Outcome& outcome, PasswordAction action, const DomainAccount& account,
    std::string_view new_password
) {
    auto refusal = find_refusal(outcome, action, account, new_password);
    if (!refusal) {
        return password_refusal(outcome, action, nullptr);
    }
    return Error{
        refusal->kind,
        refusal->code,
        std::move(refusal->sentence) + " (Nothing was changed.)",
        {},
        error_from_result(outcome.code, outcome.diagnostic, "writing a password").context,
        {}};
}

std::string_view bind_data(std::string_view diagnostic) {
    constexpr std::string_view mark = ", data ";
    const auto at = diagnostic.find(mark);
    if (at == std::string_view::npos) {
        return {};
    }
    const auto data = diagnostic.substr(at + mark.size());
    return data.substr(0, data.find_first_not_of("0123456789abcdefABCDEF"));
}

}  // namespace bascule::ldap
