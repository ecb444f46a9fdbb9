#include "connectors/ldap/password_errors.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <utility>

#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/policy_reader.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::PasswordPolicy;

namespace {

constexpr std::string_view unchanged = " (Nothing was changed.)";

/// Code, sentence and kind of a refusal, before "(Nothing was changed.)" is put behind it.
struct Refusal {
    const char* code;
    std::string sentence;
    ErrorKind kind = ErrorKind::policy_rejected;
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

Refusal too_short(const PasswordPolicy* policy) {
    return {
        "password_too_short", policy != nullptr && policy->minimum_length
                                  ? fmt::format(
                                        "The directory did not accept this password: it is too "
                                        "short. Choose one with at least {} "
                                        "characters.",
                                        *policy->minimum_length
                                    )
                                  : std::string("The directory did not accept this password: it is "
                                                "too short. Choose a longer one.")};
}

Refusal too_long(const PasswordPolicy* policy) {
    return {
        "password_too_long", policy != nullptr && policy->maximum_length
                                 ? fmt::format(
                                       "The directory did not accept this password: it is too "
                                       "long. Choose one with at most {} "
                                       "characters.",
                                       *policy->maximum_length
                                   )
                                 : std::string("The directory did not accept this password: it is "
                                               "too long. Choose a shorter one.")};
}

Refusal in_history(const PasswordPolicy* policy, std::string_view diagnostic) {
    if (contains(diagnostic, "existing value")) {
        return {
            "password_in_history",
            "The directory did not accept this password: it is the present one. Choose another."};
    }
    return {
        "password_in_history",
        policy != nullptr && policy->history
            ? fmt::format(
                  "The directory did not accept this password: it is one of the last {} used. "
                  "Choose another.",
                  *policy->history
              )
            : std::string(
                  "The directory did not accept this password: it was used before. Choose another."
              )};
}

Refusal too_young(const PasswordPolicy* policy) {
    return {
        "password_too_young", policy != nullptr && policy->minimum_age
                                  ? fmt::format(
                                        "The directory did not accept a new password: the present "
                                        "one was set less than {} ago. Try "
                                        "again later.",
                                        duration_in_words(*policy->minimum_age)
                                    )
                                  : std::string("The directory did not accept a new password: the "
                                                "present one was set too recently. Try "
                                                "again later.")};
}

/// A checker of the directory's own may say more than the control; its words are shown when they
/// are not the usual ones.
Refusal quality(std::string_view diagnostic) {
    std::string sentence = "The directory did not accept this password: it is too simple.";
    if (!diagnostic.empty() && !contains(diagnostic, "fails quality checking policy")) {
        sentence += fmt::format(" It says: \"{}\".", printable(diagnostic));
    }
    return {"password_quality", sentence + " Choose a longer or less usual one."};
}

Refusal change_not_allowed(PasswordAction action) {
    if (action == PasswordAction::change) {
        return {
            "password_change_not_allowed",
            "The directory does not let people change this password themselves. Ask the help desk.",
            ErrorKind::forbidden};
    }
    return {
        "directory_denied",
        "The directory does not let the service account change this password. Give it write access "
        "to "
        "userPassword and pwdReset for this part of the tree.",
        ErrorKind::forbidden};
}

Refusal must_supply_old(PasswordAction action) {
    if (action == PasswordAction::change) {
        return {"wrong_password", "The present password is not right.", ErrorKind::unauthenticated};
    }
    return {
        "directory_denied",
        "The directory asks for the old password at every reset (pwdSafeModify). Switch that off "
        "in the password "
        "policy of this part of the tree.",
        ErrorKind::forbidden};
}

std::optional<Refusal> by_control(
    const Outcome& outcome, PasswordAction action, const PasswordPolicy* policy
) {
    if (!outcome.policy || !outcome.policy->error) {
        return std::nullopt;
    }
    switch (*outcome.policy->error) {
        case PolicyError::too_short:
            return too_short(policy);
        case PolicyError::too_long:
            return too_long(policy);
        case PolicyError::in_history:
            return in_history(policy, outcome.diagnostic);
        case PolicyError::too_young:
            return too_young(policy);
        case PolicyError::insufficient_quality:
            return quality(outcome.diagnostic);
        case PolicyError::change_not_allowed:
            return change_not_allowed(action);
        case PolicyError::must_supply_old_password:
            return must_supply_old(action);
        case PolicyError::account_locked:
            return Refusal{
                "account_locked", "The account is locked in the directory.", ErrorKind::forbidden};
        case PolicyError::password_expired:
            return Refusal{
                "password_change_not_allowed",
                "The present password has expired. Ask the help desk for a new one.",
                ErrorKind::forbidden};
        case PolicyError::change_after_reset:
            return std::nullopt;
    }
    return std::nullopt;
}

/// Servers and overlays that send no control leave only their texts.
std::optional<Refusal> by_text(std::string_view text, const PasswordPolicy* policy) {
    if (contains(text, "in history") || contains(text, "existing value")) {
        return in_history(policy, text);
    }
    if (contains(text, "too young") || contains(text, "minimum age")) {
        return too_young(policy);
    }
    if (contains(text, "too short")) {
        return too_short(policy);
    }
    if (contains(text, "too long")) {
        return too_long(policy);
    }
    return std::nullopt;
}

Refusal by_code(const Outcome& outcome, PasswordAction action) {
    switch (outcome.code) {
        case LDAP_CONSTRAINT_VIOLATION:
            return quality(outcome.diagnostic);
        case LDAP_INSUFFICIENT_ACCESS:
            return change_not_allowed(action);
        case LDAP_INVALID_CREDENTIALS:
            return {
                "wrong_password", "The present password is not right.", ErrorKind::unauthenticated};
        case LDAP_UNWILLING_TO_PERFORM:
            if (contains(outcome.diagnostic, "old password")) {
                return must_supply_old(action);
            }
            break;
        case LDAP_NO_SUCH_OBJECT:
            return {
                "not_in_directory", "This person is not in the directory any more.",
                ErrorKind::not_found};
        case LDAP_CONFIDENTIALITY_REQUIRED:
        case LDAP_STRONG_AUTH_REQUIRED:
            return {
                "directory_insecure",
                "The directory takes passwords over encrypted connections only. Use ldaps:// or "
                "StartTLS.",
                ErrorKind::forbidden};
        case LDAP_REFERRAL:
        case LDAP_BUSY:
        case LDAP_UNAVAILABLE:
            return {
                "writeback_unavailable",
                "The directory server does not take changes at the moment. Try again later.",
                ErrorKind::unavailable};
        default:
            break;
    }
    return {
        "directory_error",
        "The directory refused the password for a reason that is not known here.",
        ErrorKind::internal};
}

}  // namespace

Error password_refusal(
    const Outcome& outcome, PasswordAction action, const PasswordPolicy* policy
) {
    auto refusal = by_control(outcome, action, policy);
    if (!refusal && outcome.code == LDAP_CONSTRAINT_VIOLATION) {
        refusal = by_text(outcome.diagnostic, policy);
    }
    if (!refusal) {
        refusal = by_code(outcome, action);
    }
    auto context =
        error_from_result(outcome.code, outcome.diagnostic, "writing a password").context;
    return Error{
        refusal->kind,
        refusal->code,
        refusal->sentence + std::string(unchanged),
        {},
        std::move(context),
        {}};
}

Error writeback_failure(Error error, bool sent) {
    if (error.kind != ErrorKind::unavailable && error.kind != ErrorKind::timeout) {
        if (error.code == "directory_credentials" || error.code == "directory_denied") {
            return Error{
                ErrorKind::unavailable,
                "writeback_unavailable",
                "The directory does not accept the service account at the moment. An administrator "
                "must look at it."
                " (Nothing was changed.)",
                {},
                std::move(error.context),
                {}};
        }
        return error;
    }
    auto sentence = std::string(
        sent ? "The directory server did not answer in time. The password may or may not have been "
               "changed: try to "
               "sign in with the new one before trying again."
             : "The directory server cannot be reached. Try again later. (Nothing was changed.)"
    );
    return Error{
        ErrorKind::unavailable,
        "writeback_unavailable",
        std::move(sentence),
        {},
        fmt::format("{}: {}", error.code, error.context),
        {}};
}

}  // namespace bascule::ldap
