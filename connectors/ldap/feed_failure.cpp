#include "connectors/ldap/feed_failure.hpp"

#include <utility>

namespace bascule::ldap {

using directory::FeedEnd;

directory::FeedResult failed_run(Error error, const std::stop_token& stop) {
    if (stop.stop_requested()) {
        return {};
    }
    const bool refused = error.code == "directory_credentials" ||
                         error.code == "directory_denied" || error.code == "directory_insecure" ||
                         error.code == "directory_tls" || error.kind == ErrorKind::invalid_input;
    return {refused ? FeedEnd::refused : FeedEnd::disconnected, std::move(error)};
}

}  // namespace bascule::ldap
