#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "directory/base/uuid.hpp"

namespace bascule::mirror {

/// What was written back to directories and has not come back with their changes yet. While
/// somebody writes, the mirror waits before it takes in what comes back of the same entry, so that
/// the change is stored under the name of who made it and its echo changes nothing. Thread-safe.
class EchoBook {
  public:
    struct Figures {
        std::uint64_t confirmed = 0;           ///< writes that came back
        std::uint64_t open = 0;                ///< writes that have not
        std::chrono::milliseconds last{0};     ///< from the write to its echo
        std::chrono::milliseconds longest{0};  ///< of all
    };

    /// Writing begins; it ends when what is returned is gone. The mirror waits two seconds at most.
    [[nodiscard]] std::shared_ptr<const void> claim(const Uuid& id);
    /// The directory has taken it: `phones` is the attribute as the mapping makes it.
    void written(const Uuid& id, std::string phones);
    /// The mirror received the entry and mapped it; waits while somebody writes it.
    void heard(const Uuid& id, std::string_view attributes);
    /// Nothing is being written and nothing is awaited, so heard() need not be called.
    [[nodiscard]] bool idle() const { return awaited_ == 0; }
    [[nodiscard]] Figures figures() const;

  private:
    struct Entry {
        int writers = 0;
        bool written = false;
        std::string phones;
        std::chrono::steady_clock::time_point since;
    };
    void release(const Uuid& id);

    mutable std::mutex mutex_;
    std::condition_variable freed_;
    std::unordered_map<Uuid, Entry> entries_;
    std::atomic<std::size_t> awaited_ = 0;
    Figures figures_;
};

}  // namespace bascule::mirror
