#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace bascule::directory {

/// Wakes those who follow the journal when records are committed, so that nobody has to ask the
/// store again and again. Thread-safe.
class JournalSignal {
  public:
    /// Called by the store after each commit with the highest sequence there is.
    void announce(std::int64_t sequence);
    /// The highest sequence announced; 0 before the first commit of this process.
    [[nodiscard]] std::int64_t last() const;
    /// Waits until a record after `sequence` is committed, the limit has passed, or close() is
    /// called. True when there is such a record.
    [[nodiscard]] bool wait_beyond(std::int64_t sequence, std::chrono::milliseconds limit);
    /// Ends every wait at once, now and later: the process stops.
    void close();
    [[nodiscard]] bool closed() const;

  private:
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::int64_t last_ = 0;
    bool closed_ = false;
};

}  // namespace bascule::directory
