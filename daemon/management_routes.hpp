#pragma once

#include "daemon/health.hpp"
#include "daemon/metrics.hpp"
#include "directory/base/result.hpp"
#include "http/api/router.hpp"

namespace bascule::daemon {

/// Adds /livez, /readyz, /startupz and /metrics. `health` and `metrics` outlive the router.
[[nodiscard]] Status add_management_routes(
    http::Router& router, const Health& health, Metrics& metrics
);

}  // namespace bascule::daemon
