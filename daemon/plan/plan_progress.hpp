#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace bascule::daemon {

/// How far a plan has come. Thread-safe.
class PlanProgress {
  public:
    struct State {
        std::string step;    ///< "copying", "reading", "settling", "comparing"
        std::string source;  ///< that is read
        std::uint64_t done = 0;
        std::uint64_t expected = 0;  ///< entries, as the source had so far; 0: not known
        double per_second = 0;
        bool waiting = false;  ///< for another reading of the source's servers
    };

    /// Begins a step.
    void begin(std::string step, std::string source = {}, std::uint64_t expected = 0) {
        const std::lock_guard lock(mutex_);
        state_ = {std::move(step), std::move(source), 0, expected, 0, false};
        since_ = std::chrono::steady_clock::now();
    }
    void wait_for_another(bool waits) {
        const std::lock_guard lock(mutex_);
        state_.waiting = waits;
        since_ = std::chrono::steady_clock::now();
    }
    void advance(std::uint64_t done) {
        const std::lock_guard lock(mutex_);
        state_.done = done;
    }
    [[nodiscard]] State state() const {
        const std::lock_guard lock(mutex_);
        State now = state_;
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - since_;
        now.per_second = passed.count() > 0 ? static_cast<double>(now.done) / passed.count() : 0;
        return now;
    }

  private:
    mutable std::mutex mutex_;
    State state_;
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace bascule::daemon
