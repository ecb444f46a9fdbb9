#pragma once

#include "daemon/core.hpp"
#include "daemon/sources.hpp"
#include "http/api/router.hpp"

namespace bascule::daemon {

/// "/v1/status", "/v1/explain", "/v1/holds". The references outlive the router.
[[nodiscard]] Status add_mirror_routes(
    http::Router& router, Core& core, Sources& sources, const scim::SchemaRegistry& schemas
);

}  // namespace bascule::daemon
