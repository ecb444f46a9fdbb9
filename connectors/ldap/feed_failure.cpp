#include "connectors/ldap/feed_failure.hpp"

#include <utility>

namespace bascule::ldap {

using directory::FeedEnd;

directory::FeedResult failed_run(Error error, const std::stop_token& stop) {
    if (stop.stop_requested()) {
        return {};
    }
    if (error.code == "provider_behind") {
        return {FeedEnd::provider_behind, std::move(error)};
    }
    if (error.code == "directory_message") {
        return {FeedEnd::limited, std::move(error)};
    }
    const bool refused = error.code == "directory_credentials" ||
                         error.code == "directory_denied" || error.code == "directory_insecure" ||
                         error.code == "directory_tls" || error.kind == ErrorKind::invalid_input;
    return {refused ? FeedEnd::refused : FeedEnd::disconnected, std::move(error)};
}

void leave_server(
    const ConnectionOptions& options, const std::string& server, const directory::FeedResult& result
) {
    const std::string& code = result.error.code;
    const bool silent = code == "directory_silent" || code == "directory_timeout";
    options.reach->feed_lost(silent);
    const bool of_the_server = code.starts_with("directory_") || code.starts_with("stream_") ||
                               code == "too_many_sessions" || code == "provider_behind";
    // Where a change costs something, one that was restarted is waited for.
    if (silent || (of_the_server && options.loyalty == Loyalty::none)) {
        options.reach->failed(server);
    }
}

}  // namespace bascule::ldap
