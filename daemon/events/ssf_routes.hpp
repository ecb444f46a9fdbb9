#pragma once

#include "daemon/events/client_streams.hpp"
#include "http/api/router.hpp"
#include "portal/api/caller_authenticator.hpp"

namespace bascule::daemon {

/// "/.well-known/ssf-configuration" and, for clients with events:read, "/events/v1/streams",
/// "/events/v1/status" and "/events/v1/verification" (OpenID Shared Signals Framework 1.0). Both
/// outlive the router.
[[nodiscard]] Status add_ssf_routes(
    http::Router& router, ClientStreams& streams, const portal::CallerAuthenticator& authenticator
);

}  // namespace bascule::daemon
