#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bascule {

/// What sort of failure it is; each border translates it once (SCIM error, problem+json, exit
/// code).
enum class ErrorKind {
    invalid_input,    ///< the caller sent something wrong
    unauthenticated,  ///< who is calling is not known
    forbidden,        ///< known, and not allowed
    not_found,
    conflict,             ///< clashes with another object or with the present state
    precondition_failed,  ///< If-Match and kin
    too_large,
    rate_limited,
    policy_rejected,  ///< a rule of the directory or of self-service says no
    unsupported,
    unavailable,  ///< a server that is needed does not answer; trying later may help
    timeout,
    internal,  ///< a bug or a broken disk; the context says more, the caller gets an id
};

/// A failure as a value: a stable code for programs, a sentence for people, context for the log.
///
/// `detail` may be shown to the caller and never holds a secret. `context` goes to the log only.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string code;  ///< stable, snake_case: "on_premises_group", "invalid_filter", "uniqueness"
    std::string detail;   ///< what happened, why, and what to do instead
    std::string field;    ///< the offending field or path, empty when there is none
    std::string context;  ///< for the log: library messages, identifiers
    std::optional<std::chrono::seconds> retry_after = std::nullopt;

    Error&& with_field(std::string name) && {
        field = std::move(name);
        return std::move(*this);
    }
    Error&& with_context(std::string text) && {
        context = std::move(text);
        return std::move(*this);
    }
    Error&& with_retry_after(std::chrono::seconds delay) && {
        retry_after = delay;
        return std::move(*this);
    }
};

/// The stable word for a kind, for logs and metrics ("invalid_input").
[[nodiscard]] std::string_view to_string(ErrorKind kind);

}  // namespace bascule
