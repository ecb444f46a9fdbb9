#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/sources.hpp"
#include "http/api/router.hpp"

namespace bascule::daemon {

/// What is known of comparisons of a source with its directory; null when nothing is.
[[nodiscard]] nlohmann::json audit_of(const Sources& sources, const std::string& source);

/// "/v1/drift": GET tells the newest reports, POST {"source"} asks for a comparison now; without a
/// name of all sources. `sources` outlives the router.
[[nodiscard]] Status add_drift_routes(http::Router& router, Sources& sources);

}  // namespace bascule::daemon
