#include "daemon/heartbeat.hpp"

#include <atomic>
#include <utility>

#include "directory/base/log.hpp"

namespace bascule::daemon {

/// Outlives the heartbeat when the loop is too late with its answer.
struct Heartbeat::Pulse {
    std::atomic<bool> awaited{false};
};

Heartbeat::Heartbeat(http::Server& server, Options options, std::function<void()> alive)
    : server_(server),
      options_(options),
      alive_(std::move(alive)),
      pulse_(std::make_shared<Pulse>()) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Heartbeat::~Heartbeat() = default;

void Heartbeat::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        const bool io = io_answers();
        const bool pools = pools_move();
        if (io && pools) {
            complained_ = false;
            alive_();
        } else if (!std::exchange(complained_, true)) {
            log::error(
                "heartbeat_lost", "Requests no longer get on; the watchdog is not fed.",
                {{"stuck", io ? "worker pool" : "I/O loop"}}
            );
        }
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, options_.interval, [] { return false; });
    }
}

// A question asked at one beat must be answered by the next.
bool Heartbeat::io_answers() {
    if (pulse_->awaited.exchange(true)) {
        return false;
    }
    server_.post([pulse = pulse_] { pulse->awaited = false; });
    return true;
}

bool Heartbeat::pools_move() {
    bool all = true;
    const auto now = Clock::now();
    for (const http::PoolLoad& load : server_.pool_loads()) {
        Progress& progress = pools_[load.name];
        if (load.finished != progress.finished || load.queued == 0) {
            progress.finished = load.finished;
            progress.moved = now;
        }
        all = all && now - progress.moved < options_.stuck_after;
    }
    return all;
}

}  // namespace bascule::daemon
