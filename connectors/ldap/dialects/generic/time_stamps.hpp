#pragma once

namespace bascule::ldap {

/// The attributes by which a poll tells what changed (RFC 4512, section 3.4).
inline constexpr const char* modified = "modifyTimestamp";
inline constexpr const char* created = "createTimestamp";

}  // namespace bascule::ldap
