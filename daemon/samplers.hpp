#pragma once

#include <functional>
#include <memory>

#include "daemon/generation.hpp"
#include "http/server/server.hpp"

namespace bascule::daemon {

/// The generation that serves at the moment.
using CurrentGeneration = std::function<std::shared_ptr<Generation>()>;

/// Store and every source as components of /readyz. A source is ready once it has been loaded, also
/// when its directory does not answer now: what is mirrored can be served.
void add_health_checks(Health& health, directory::Store& store, CurrentGeneration current);

/// Gauges that are read at each scrape: sources, pools, journal, certificate.
void add_samplers(
    Metrics& metrics, http::Server& server, directory::Store& store, CurrentGeneration current
);

}  // namespace bascule::daemon
