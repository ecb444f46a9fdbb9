#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

// OIDs of the controls that Active Directory and Samba know (MS-ADTS 3.1.1.3.4.1).
inline constexpr const char* dir_sync_oid = "1.2.840.113556.1.4.841";
inline constexpr const char* show_deleted_oid = "1.2.840.113556.1.4.417";
inline constexpr const char* domain_scope_oid = "1.2.840.113556.1.4.1339";

/// The value of a DirSync request (MS-ADTS 3.1.1.3.4.1.3): visible to the account's own rights,
/// parents before children, members one by one.
[[nodiscard]] std::string encode_dir_sync_request(std::string_view cookie);

/// What comes back with the result.
struct DirSyncAnswer {
    bool more = false;  ///< ask again at once
    std::string cookie;
};
/// `internal`/"directory_protocol" when the bytes are malformed.
[[nodiscard]] Result<DirSyncAnswer> decode_dir_sync_answer(std::string_view value);

/// What the mirror keeps of a DirSync stream.
struct DirSyncCookie {
    Uuid database;                ///< invocationId of the domain controller's database
    std::string controller;       ///< dsServiceName of the domain controller
    Time time;                    ///< up to when what depends on the time has been told
    std::string bytes;            ///< the server's cookie
    std::string server;           ///< by which the domain controller was reached; may be unknown
    bool deletions_seen = false;  ///< the account sees deleted objects of the domain

    [[nodiscard]] std::string to_string() const;
    /// Nothing when the text is no such cookie.
    [[nodiscard]] static std::optional<DirSyncCookie> parse(std::string_view text);
};

}  // namespace bascule::ldap
