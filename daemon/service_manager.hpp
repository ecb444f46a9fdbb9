#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::daemon {

/// Talks to systemd by sd_notify(3); every call does nothing when no manager listens. Thread-safe.
class ServiceManager {
  public:
    void ready(std::string_view status) const;
    void status(std::string_view text) const;
    /// A reload begins; ready() ends it.
    void reloading() const;
    void stopping(std::string_view status) const;
    void feed_watchdog() const;
    /// How often the watchdog wants to be fed at the latest; nothing when there is none.
    [[nodiscard]] static std::optional<std::chrono::microseconds> watchdog_interval();
    /// Listening sockets given by socket activation, with their names (FileDescriptorName=).
    [[nodiscard]] static std::vector<std::pair<std::string, int>> inherited_sockets();
};

}  // namespace bascule::daemon
