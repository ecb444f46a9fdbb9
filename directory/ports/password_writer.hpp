#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/base/time.hpp"

namespace bascule::directory {

/// The rules that a directory will apply to a new password, as far as they can be read beforehand.
struct PasswordPolicy {
    std::optional<std::uint32_t> minimum_length;
    std::optional<std::uint32_t> maximum_length;
    std::optional<std::uint32_t> history;  ///< how many old passwords are refused
    std::optional<std::chrono::seconds> minimum_age;
    std::optional<std::chrono::seconds> maximum_age;
    std::optional<std::uint32_t> lockout_threshold;
    std::optional<std::chrono::seconds> lockout_duration;
    bool quality_checked = false;
    bool must_change_after_reset = false;
    bool enforced_on_reset = true;       ///< false when the server cannot apply history to a reset
    std::vector<std::string> sentences;  ///< the rules in words for the person who types
};

/// What the directory says about an account before anything is changed.
struct AccountState {
    bool exists = false;
    bool disabled = false;
    bool locked = false;
    bool expired = false;  ///< the account, not the password
    bool must_change = false;
    bool protected_account = false;  ///< the directory will not let this service reset it
    std::optional<Time> password_changed;
    std::optional<Time> too_young_until;
};

enum class MustChange { no, yes };

/// Writes passwords to the directory that masters them, synchronously, within `deadline`. Nothing
/// is queued, kept or logged. Errors carry the rule that refused as code: password_too_short,
/// password_in_history, password_too_young, password_quality, password_too_long, wrong_password,
/// password_change_not_allowed, account_locked, account_disabled, directory_denied,
/// not_in_directory, writeback_unavailable, directory_error.
class PasswordWriter {
  public:
    virtual ~PasswordWriter() = default;
    using Deadline = std::chrono::steady_clock::time_point;

    [[nodiscard]] virtual Result<PasswordPolicy> policy(
        const std::string& dn, Deadline deadline
    ) = 0;
    [[nodiscard]] virtual Result<AccountState> account_state(
        const std::string& dn, Deadline deadline
    ) = 0;
    /// An administrator's reset under the directory's own policy.
    [[nodiscard]] virtual Status reset(
        const std::string& dn, const Secret& password, MustChange must_change, Deadline deadline
    ) = 0;
    /// The owner's change, proving the old password.
    [[nodiscard]] virtual Status change(
        const std::string& dn, const Secret& old_password, const Secret& new_password,
        Deadline deadline
    ) = 0;
    [[nodiscard]] virtual Status unlock(const std::string& dn, Deadline deadline) = 0;
};

/// What a bind proved.
enum class SignInVerdict {
    accepted,
    must_change,  ///< the password is right and may be used for one thing: changing it
    rejected,     ///< wrong password or unknown, locked, disabled: the caller is told no more
    locked,       ///< known to be locked; told to the person only after the password was proved
};

/// Verifies a directory password by a bind of its own connection. Refuses an empty password before
/// the library sees it.
class PasswordVerifier {
  public:
    virtual ~PasswordVerifier() = default;
    [[nodiscard]] virtual Result<SignInVerdict> verify(
        const std::string& dn, const Secret& password, PasswordWriter::Deadline deadline
    ) = 0;
    /// The directory's own lockout threshold, when it can be read: throttling stays below it.
    [[nodiscard]] virtual std::optional<std::uint32_t> lockout_threshold() = 0;
};

}  // namespace bascule::directory
