#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "http/server/server.hpp"

namespace bascule::daemon {

/// Looks at the server at every beat and calls `alive` as long as the I/O loop answers and every
/// pool with waiting requests gets on. When not, it stays silent, and so the service manager
/// restarts the process.
class Heartbeat {
  public:
    struct Options {
        std::chrono::milliseconds interval{5000};
        /// A pool whose queue has not moved for so long counts as stuck; longer than any request's
        /// deadline.
        std::chrono::milliseconds stuck_after{90'000};
    };
    Heartbeat(http::Server& server, Options options, std::function<void()> alive);
    ~Heartbeat();
    Heartbeat(const Heartbeat&) = delete;
    Heartbeat& operator=(const Heartbeat&) = delete;

  private:
    using Clock = std::chrono::steady_clock;
    struct Progress {
        std::uint64_t finished = 0;
        Clock::time_point moved = Clock::now();
    };
    struct Pulse;

    void run(std::stop_token stop);
    [[nodiscard]] bool io_answers();
    [[nodiscard]] bool pools_move();

    http::Server& server_;
    const Options options_;
    const std::function<void()> alive_;
    std::shared_ptr<Pulse> pulse_;
    std::map<std::string, Progress> pools_;
    bool complained_ = false;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

}  // namespace bascule::daemon
