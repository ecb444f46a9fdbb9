#pragma once

#include <chrono>
#include <string_view>

#include "connectors/ldap/work_connection.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

/// Where a directory server tells its time.
struct ClockLocation {
    std::string_view dn;
    std::string_view attribute;
};
/// The monitor of slapd, where it is configured and the account may read it.
inline constexpr ClockLocation openldap_clock{"cn=Current,cn=Time,cn=Monitor", "monitorTimestamp"};
inline constexpr ClockLocation ds389_clock{"cn=monitor", "currenttime"};
inline constexpr ClockLocation domain_clock{"", "currentTime"};

/// By how much the server's clock is ahead of ours when it has just told this time
/// (GeneralizedTime, RFC 4517 section 3.3.13). Zero for less than two seconds, because servers tell
/// whole seconds, and for what is no time.
[[nodiscard]] std::chrono::milliseconds clock_offset(std::string_view told);

/// The time by which the server judges locks, ages and expiries: its own where it tells it, else
/// ours.
[[nodiscard]] Time server_time(WorkConnection& work, const ClockLocation& where, Deadline deadline);

}  // namespace bascule::ldap
