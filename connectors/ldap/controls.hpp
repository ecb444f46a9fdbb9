#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

// Values of controls and intermediate responses as bytes. Decoders refuse malformed bytes with
// `internal`/"directory_protocol" and keep views into their input where they say so.

enum class SyncMode { refresh_only = 1, refresh_and_persist = 3 };

/// RFC 4533 section 2.2; an empty cookie is left out.
[[nodiscard]] std::string encode_sync_request(SyncMode mode, std::string_view cookie);

enum class SyncEntryState { present = 0, add = 1, modify = 2, remove = 3 };

/// RFC 4533 section 2.3, beside each entry.
struct SyncState {
    SyncEntryState state = SyncEntryState::present;
    Uuid anchor;
    std::optional<std::string> cookie;
};
[[nodiscard]] Result<SyncState> decode_sync_state(std::string_view value);

/// RFC 4533 section 2.4, beside the final result.
struct SyncDone {
    std::optional<std::string> cookie;
    bool refresh_deletes = false;
};
[[nodiscard]] Result<SyncDone> decode_sync_done(std::string_view value);

/// RFC 4533 section 2.5.
struct SyncInfo {
    enum class Kind { new_cookie, refresh_delete, refresh_present, id_set };
    Kind kind = Kind::new_cookie;
    std::optional<std::string> cookie;
    bool refresh_done = true;      ///< refresh_delete, refresh_present
    bool refresh_deletes = false;  ///< id_set: the anchors are gone; else they are present
    std::vector<Uuid> anchors;     ///< id_set
};
[[nodiscard]] Result<SyncInfo> decode_sync_info(std::string_view value);

/// draft-behera-ldap-password-policy section 6.2.
enum class PolicyError : std::uint8_t {
    password_expired = 0,
    account_locked = 1,
    change_after_reset = 2,
    change_not_allowed = 3,
    must_supply_old_password = 4,
    insufficient_quality = 5,
    too_short = 6,
    too_young = 7,
    in_history = 8,
    too_long = 9,
};

struct PolicyResponse {
    std::optional<std::chrono::seconds> expires_in;
    std::optional<std::uint32_t> graces_left;
    std::optional<PolicyError> error;
};
[[nodiscard]] Result<PolicyResponse> decode_policy_response(std::string_view value);

}  // namespace bascule::ldap
