#pragma once

#include "daemon/generation.hpp"

namespace bascule::daemon {

/// "/v1/plan": trying a configuration out. The generation outlives its router.
[[nodiscard]] Status add_plan_routes(http::Router& router, Generation& generation);

}  // namespace bascule::daemon
