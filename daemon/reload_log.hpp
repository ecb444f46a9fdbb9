#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

#include "directory/base/result.hpp"

namespace bascule::daemon {

/// What came of the last reload of the configuration. Thread-safe.
class ReloadLog {
  public:
    struct Entry {
        std::uint64_t count = 0;  ///< reloads since the start, refused ones too
        Status outcome;           ///< of the last one
    };

    void note(Status outcome) {
        const std::lock_guard lock(mutex_);
        ++last_.count;
        last_.outcome = std::move(outcome);
    }
    [[nodiscard]] Entry last() const {
        const std::lock_guard lock(mutex_);
        return last_;
    }

  private:
    mutable std::mutex mutex_;
    Entry last_;
};

}  // namespace bascule::daemon
