#pragma once

#include <stop_token>
#include <string>

#include "connectors/ldap/connection.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

/// Why a search that the server ended after `count` entries is no answer: `directory_limit`,
/// `base_missing`, or as of error_from_result(). `pages`: the server offers paged results.
[[nodiscard]] Error search_failure(
    const Outcome& outcome, std::size_t count, bool pages, const std::string& base
);

/// How a run ends by this error.
[[nodiscard]] directory::FeedResult failed_poll(Error error, const std::stop_token& stop);

}  // namespace bascule::ldap
