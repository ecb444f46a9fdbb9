#pragma once

#include <stop_token>

#include "directory/ports/feed.hpp"

namespace bascule::ldap {

/// How a run ends that could not begin: refused when credentials, rights or encryption are at
/// fault, disconnected otherwise; stopped when the stop request is the reason.
[[nodiscard]] directory::FeedResult failed_run(Error error, const std::stop_token& stop);

}  // namespace bascule::ldap
