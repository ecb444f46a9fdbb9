#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::mirror {

/// Does something with entries of a first load, in their order, on a thread of its own, so that the
/// feed's thread goes on reading meanwhile. What waits is bounded: whoever brings more waits. All
/// methods are called by one thread.
class LoadThread {
  public:
    struct Arrival {
        directory::SourceEntry entry;
        directory::MappedEntry mapped;
        Time seen;
    };
    /// `work` is run on the other thread until it fails.
    explicit LoadThread(std::function<Status(const Arrival&)> work);
    /// Lets go of what waits.
    ~LoadThread();

    /// Fails with what made an earlier entry fail.
    [[nodiscard]] Status add(Arrival arrival);
    /// Returns when everything has been done.
    [[nodiscard]] Status drain();

  private:
    using Batch = std::vector<Arrival>;
    struct Weighed {
        Batch batch;
        std::size_t weight = 0;
    };
    [[nodiscard]] Status hand_over();
    void run(const std::stop_token& stop);
    [[nodiscard]] Status work_through(const Batch& batch) const;

    std::function<Status(const Arrival&)> work_;
    Weighed filling_;

    std::mutex mutex_;  ///< guards what follows
    std::condition_variable_any changed_;
    std::deque<Weighed> waiting_;
    std::vector<Batch> done_;  ///< whoever made them frees them: threads that free what others
                               ///< allocate stand in each other's way
    std::size_t weight_ = 0;   ///< of what waits and of what is being done
    Status failure_;

    std::jthread thread_;
};

}  // namespace bascule::mirror
