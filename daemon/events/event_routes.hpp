#pragma once

#include "daemon/events/event_means.hpp"
#include "http/api/router.hpp"
#include "portal/api/caller_authenticator.hpp"

namespace bascule::daemon {

/// "/.well-known/jwks.json" and "/events/v1/streams/{}/poll". The parts outlive the router.
[[nodiscard]] Status add_event_routes(
    http::Router& router, EventMeans& means, StreamService& streams,
    const portal::CallerAuthenticator& authenticator
);

}  // namespace bascule::daemon
