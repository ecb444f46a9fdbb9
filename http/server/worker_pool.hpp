#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/server/options.hpp"

namespace bascule::http {

/// A fixed number of threads behind a bounded queue. Thread-safe.
class WorkerPool {
  public:
    using Job = std::function<void()>;

    WorkerPool(std::string name, PoolOptions options);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False when the queue is full or the pool is stopping. A job must not throw.
    [[nodiscard]] bool try_post(Job job);
    [[nodiscard]] std::size_t queued() const;
    /// Jobs that ended since the start; together with queued() it tells a stuck pool from an idle
    /// one.
    [[nodiscard]] std::uint64_t finished() const {
        return finished_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// Takes no new jobs, runs what waits, joins. May be called twice.
    void stop();

  private:
    void work();

    const std::string name_;
    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> queue_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> finished_{0};
    std::vector<std::jthread> threads_;
};

}  // namespace bascule::http
