#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "directory/model/check.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/store.hpp"

namespace bascule::daemon {

/// Looks at everything that a configuration needs, outside and on this machine, and changes
/// nothing. Runs in the daemon and without one.
struct Doctor {
    const config::Settings& settings;
    const directory::Registry& registry;
    directory::Store* store = nullptr;  ///< of the running daemon; null without one

    /// `only`: the name of one source, which alone is looked at; empty: everything.
    /// `not_found`/"unknown_source".
    [[nodiscard]] Result<std::vector<directory::Check>> examine(const std::string& only) const;
};

/// {"checks": […], "failed": 1, "advice": 2}.
[[nodiscard]] nlohmann::json checks_json(const std::vector<directory::Check>& checks);

/// The store, the files with secrets, the certificate and the admin socket.
[[nodiscard]] std::vector<directory::Check> examine_host(
    const config::Settings& settings, directory::Store* store
);

}  // namespace bascule::daemon
