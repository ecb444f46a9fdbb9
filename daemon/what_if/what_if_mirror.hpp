#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "daemon/scan_leases.hpp"
#include "directory/mirror/source_runner.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::daemon {

/// Mirrors the sources of a configuration into a store of its own, live, with feeds of its own.
/// Nothing is held there. Statuses are thread-safe to read.
class WhatIfMirror {
  public:
    /// Opens the store, made when missing, and starts. `clock` and `scans` outlive it.
    [[nodiscard]] static Result<std::unique_ptr<WhatIfMirror>> start(
        const config::Settings& settings, scim::SchemaRegistry& schemas,
        const std::string& database, directory::Clock& clock, ScanLeases& scans
    );
    /// Ends the feeds.
    ~WhatIfMirror();
    WhatIfMirror(const WhatIfMirror&) = delete;
    WhatIfMirror& operator=(const WhatIfMirror&) = delete;

    [[nodiscard]] std::vector<mirror::SourceStatus> statuses() const;
    /// Every source has been read completely.
    [[nodiscard]] bool is_live() const;

  private:
    struct Follower;
    WhatIfMirror() = default;

    directory::Registry registry_;
    std::unique_ptr<directory::Store> store_;
    std::vector<std::unique_ptr<Follower>> followers_;
};

}  // namespace bascule::daemon
