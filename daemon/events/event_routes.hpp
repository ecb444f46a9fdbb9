#pragma once

#include "daemon/events/async_requests.hpp"
#include "daemon/events/event_means.hpp"
#include "http/api/router.hpp"
#include "portal/api/caller_authenticator.hpp"

namespace bascule::daemon {

/// What clients fetch tokens of.
struct EventSources {
    StreamService& streams;
    AsyncRequests& async;
};

/// "/.well-known/jwks.json", "/events/v1/streams/{}/poll" and "/events/v1/async/{}". The parts
/// outlive the router.
[[nodiscard]] Status add_event_routes(
    http::Router& router, EventMeans& means, EventSources sources,
    const portal::CallerAuthenticator& authenticator
);

}  // namespace bascule::daemon
