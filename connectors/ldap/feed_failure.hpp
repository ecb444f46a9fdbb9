#pragma once

#include <stop_token>
#include <string>

#include "connectors/ldap/connection_options.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

/// How a run ends whose connection could not be made or was lost: refused when credentials, rights
/// or encryption are at fault, limited when a message is larger than is taken, disconnected
/// otherwise; stopped when the stop request is the reason.
[[nodiscard]] directory::FeedResult failed_run(Error error, const std::stop_token& stop);

/// Tells the source's other connections how the feed's at `server` ended, and whether the next one
/// is to try another server first.
void leave_server(
    const ConnectionOptions& options, const std::string& server, const directory::FeedResult& result
);

}  // namespace bascule::ldap
