#pragma once

#include <string>

namespace bascule::daemon {

/// Runs the daemon until SIGTERM or SIGINT; SIGHUP reloads. To be called with one thread only.
/// Returns the exit code: 0 after an orderly stop, 2 when it could not start.
[[nodiscard]] int serve(const std::string& config_path);

}  // namespace bascule::daemon
