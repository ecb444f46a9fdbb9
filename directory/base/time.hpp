#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"

namespace bascule {

/// An instant, UTC, to the millisecond.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// RFC 3339 in UTC with milliseconds: 2026-11-22T00:36:59.123Z.
[[nodiscard]] std::string format_time(Time time);

/// Appends the same text without an allocation of its own.
void append_time(std::string& out, Time time);

/// RFC 3339 with `Z` or an offset and 0 to 9 fractional digits (kept to the millisecond).
/// A date without a time or without a zone is `invalid_time`.
[[nodiscard]] Result<Time> parse_time(std::string_view text);

/// LDAP GeneralizedTime (RFC 4517 section 3.3.13), UTC forms: 20261122003659Z,
/// 20261122003659.123456Z.
[[nodiscard]] Result<Time> parse_generalized_time(std::string_view text);

}  // namespace bascule
