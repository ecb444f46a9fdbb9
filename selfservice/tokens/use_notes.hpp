#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::selfservice {

/// Writes down when tokens were last used, on a thread of its own: requests are checked on threads
/// that must not wait for the store's writer. Thread-safe.
class UseNotes {
  public:
    using Notes = std::map<Uuid, Time>;  ///< the last use of each token
    using Write = std::function<void(const Notes& notes)>;

    explicit UseNotes(Write write);
    /// What was noted is written before it ends.
    ~UseNotes() = default;
    UseNotes(const UseNotes&) = delete;
    UseNotes& operator=(const UseNotes&) = delete;

    /// Returns at once. A use while an earlier one of the same token is being written is left out.
    void note(const Uuid& token, Time when);
    /// Returns when everything that was noted before is written.
    void settle();

  private:
    void run(const std::stop_token& stop);

    Write write_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    Notes waiting_;
    Notes writing_;
    std::uint64_t noted_ = 0;    ///< notes that were taken
    std::uint64_t written_ = 0;  ///< of them, the first so many are written
    std::jthread thread_;        ///< last: it uses everything above
};

}  // namespace bascule::selfservice
