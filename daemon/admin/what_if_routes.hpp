#pragma once

#include "daemon/core.hpp"
#include "http/api/router.hpp"

namespace bascule::daemon {

/// "/v1/what-if": rules that run beside those in force. The core outlives the router.
[[nodiscard]] Status add_what_if_routes(http::Router& router, Core& core);

}  // namespace bascule::daemon
