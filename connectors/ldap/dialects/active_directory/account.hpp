#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/time.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

// Bits of userAccountControl (MS-ADTS 2.2.16). Locked and expired passwords are told only by
// msDS-User-Account-Control-Computed.
inline constexpr std::int64_t account_disabled = 0x2;
inline constexpr std::int64_t account_locked = 0x10;
inline constexpr std::int64_t password_never_expires = 0x10000;
inline constexpr std::int64_t password_expired = 0x800000;

/// What an account's own attributes say at an instant.
struct AccountFacts {
    bool disabled = false;
    bool expired = false;  ///< accountExpires has passed
    bool locked = false;   ///< lockoutTime is set and its duration not over
    /// When this will be otherwise without any change in the directory.
    std::optional<Time> changes_at;
};

/// `lockout` is the domain's lockoutDuration; nothing: until an administrator unlocks. The server's
/// own computed bit, when it was read, decides about `locked`.
[[nodiscard]] AccountFacts account_facts(
    const directory::SourceEntry& entry, std::optional<std::chrono::seconds> lockout, Time now
);

/// Attributes that mappings may read beside those of the directory: "TRUE" or "FALSE", made here
/// because the directory sends no change when an account expires or a lockout ends.
inline constexpr std::string_view account_active_name = "accountActive";
inline constexpr std::string_view account_expired_name = "accountExpired";
inline constexpr std::string_view account_locked_name = "accountLocked";

[[nodiscard]] bool is_computed_name(std::string_view attribute);
/// Adds the computed attributes to an entry that has userAccountControl.
void add_account_attributes(directory::SourceEntry& entry, const AccountFacts& facts);

}  // namespace bascule::ldap
