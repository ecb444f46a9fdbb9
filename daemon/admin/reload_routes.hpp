#pragma once

#include "daemon/core.hpp"
#include "http/api/router.hpp"

namespace bascule::daemon {

/// "/v1/reload": POST asks for what SIGHUP does, GET tells what came of the last one. The core
/// outlives the router.
[[nodiscard]] Status add_reload_routes(http::Router& router, Core& core);

}  // namespace bascule::daemon
