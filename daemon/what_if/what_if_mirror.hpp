#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::daemon {

/// Mirrors the sources of a configuration into a store of its own, live, with feeds of its own.
/// Nothing is held there. State is thread-safe to read.
class WhatIfMirror {
  public:
    struct SourceState {
        std::string name;
        bool live = false;
        std::string problem;  ///< code and words; empty while all is well
        std::uint64_t received = 0;
    };

    /// Opens the store, made when missing, and starts. `clock` outlives it.
    [[nodiscard]] static Result<std::unique_ptr<WhatIfMirror>> start(
        const config::Settings& settings, scim::SchemaRegistry& schemas,
        const std::string& database, directory::Clock& clock
    );
    /// Ends the feeds.
    ~WhatIfMirror();
    WhatIfMirror(const WhatIfMirror&) = delete;
    WhatIfMirror& operator=(const WhatIfMirror&) = delete;

    [[nodiscard]] std::vector<SourceState> states() const;
    /// Every source has been read completely.
    [[nodiscard]] bool is_live() const;

  private:
    class Follower;
    WhatIfMirror() = default;

    directory::Registry registry_;
    std::unique_ptr<directory::Store> store_;
    std::vector<std::unique_ptr<Follower>> followers_;
};

}  // namespace bascule::daemon
