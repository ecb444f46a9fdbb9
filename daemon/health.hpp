#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace bascule::daemon {

/// How a part of the daemon is at this moment.
struct ComponentHealth {
    std::string name;    ///< "store", "source corp"
    bool ready = false;  ///< needed for serving and able to
    std::string detail;
};

/// Gathers what the probes answer. Thread-safe.
class Health {
  public:
    /// Asked at every probe: must not block.
    using Check = std::function<ComponentHealth()>;
    void add(Check check);
    /// The start is over, whether or not every part is ready.
    void set_started() { started_ = true; }
    /// Requests in progress end, new ones should go elsewhere.
    void set_stopping() { stopping_ = true; }

    [[nodiscard]] bool started() const { return started_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] std::vector<ComponentHealth> components() const;

  private:
    mutable std::mutex mutex_;
    std::vector<Check> checks_;
    std::atomic<bool> started_{false};
    std::atomic<bool> stopping_{false};
};

}  // namespace bascule::daemon
