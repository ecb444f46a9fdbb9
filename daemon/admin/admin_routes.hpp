#pragma once

#include <memory>
#include <vector>

#include "daemon/core.hpp"
#include "daemon/events/stream_service.hpp"
#include "directory/access/caller.hpp"
#include "directory/base/result.hpp"
#include "directory/ports/store.hpp"
#include "http/api/router.hpp"
#include "scim/profile/client_profile.hpp"

namespace bascule::daemon {

/// The operator behind a request on the admin socket: root, the daemon's own user or a member of
/// its group. Others are `forbidden`/"not_an_operator".
[[nodiscard]] Result<access::Caller> operator_of(const http::RequestContext& context);

/// A handler that knows who asks; errors become problems.
using OperatorHandler =
    std::function<Result<http::Response>(const http::Request&, const access::Caller&)>;

/// Adds a route of the admin socket.
[[nodiscard]] Status add_operator_route(
    http::Router& router, http::Method method, std::string pattern, std::string description,
    OperatorHandler handler
);

/// "/v1/tokens": list, create, set, rotate, revoke. Core, schemas and profiles outlive the router.
[[nodiscard]] Status add_token_routes(
    http::Router& router, Core& core, const scim::SchemaRegistry& schemas,
    const scim::ProfileRegistry& profiles
);

/// "/v1/streams": event streams. Service and store outlive the router.
[[nodiscard]] Status add_stream_routes(
    http::Router& router, StreamService& streams, directory::Store& store
);

/// "/v1/audit": journal records. The store outlives the router.
[[nodiscard]] Status add_audit_routes(http::Router& router, directory::Store& store);

}  // namespace bascule::daemon
