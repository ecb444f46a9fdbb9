#pragma once

#include <cstdint>

#include "daemon/core.hpp"
#include "http/api/router.hpp"

namespace bascule::daemon {

/// "/v1/explain-filter?type=User&filter=…": how the store carries a filter out, what it found and
/// how long it took. `search_limit` is that of SCIM lists. Core and schemas outlive the
/// router.
[[nodiscard]] Status add_filter_routes(
    http::Router& router, Core& core, const scim::SchemaRegistry& schemas,
    std::uint64_t search_limit
);

}  // namespace bascule::daemon
