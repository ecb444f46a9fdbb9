#pragma once

#include <string>
#include <string_view>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/sync_dialect.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

/// The error's code when the server serves as many streams as it may.
inline constexpr std::string_view too_many_sessions_code = "too_many_sessions";

/// What the final result of a synchronisation search means (RFC 4533 section 3 and the servers' own
/// texts).
[[nodiscard]] directory::FeedResult end_of_search(
    const Outcome& outcome, const std::string& base, const SyncDialect& dialect
);

/// The server cannot continue from the cookie: everything is to be read. `context` says why.
[[nodiscard]] directory::FeedResult cookie_rejected(std::string context);

/// A refresh should have been proved or completed by searches of its own, and could not.
[[nodiscard]] directory::FeedResult unproven(Error error, const SyncDialect& dialect);

/// `unavailable`/"provider_behind": the server knows less than was mirrored.
[[nodiscard]] Error provider_behind_error(std::string context);

}  // namespace bascule::ldap
