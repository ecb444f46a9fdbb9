#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "directory/base/time.hpp"

namespace bascule::daemon {

/// Numbers the messages of all sources that are recorded. Who has a turn is alone until the mirror
/// has taken his message, so that the numbers tell in which order the mirrors took them. Numbers go
/// on over restarts of the program, as long as the clock does. Thread-safe.
class RecordingTurns {
  public:
    [[nodiscard]] std::unique_lock<std::mutex> take() { return std::unique_lock(mutex_); }
    /// The next number; to be called by who has the turn.
    [[nodiscard]] std::uint64_t next(Time now) {
        constexpr std::uint64_t in_a_millisecond = 1U << 20U;
        const auto since = static_cast<std::uint64_t>(now.time_since_epoch().count());
        last_ = std::max(last_ + 1, since * in_a_millisecond);
        return last_;
    }

  private:
    std::mutex mutex_;
    std::uint64_t last_ = 0;
};

}  // namespace bascule::daemon
