#include "daemon/heartbeat.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace bascule::daemon {
namespace {

class Silent final : public http::Observer {
  public:
    void request_finished(const http::RequestEvent&) override {}
};

class HeartbeatTest : public ::testing::Test {
  protected:
    void start_server() {
        http::ServerOptions options;
        options.io_threads = 1;
        auto opened = http::Server::open(std::move(options), observer_);
        ASSERT_TRUE(opened);
        server_ = *std::move(opened);
        server_->start();
    }
    bool wait_for_beats(int count) {
        std::unique_lock lock(mutex_);
        const int wanted = beats_ + count;
        return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return beats_ >= wanted; });
    }
    std::function<void()> counting() {
        return [this] {
            const std::lock_guard lock(mutex_);
            ++beats_;
            changed_.notify_all();
        };
    }

    Silent observer_;
    std::unique_ptr<http::Server> server_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int beats_ = 0;
};

TEST_F(HeartbeatTest, BeatsWhileTheLoopAnswersAndFallsSilentWhenItHangs) {
    start_server();
    std::mutex hang;
    std::unique_lock held(hang);
    Heartbeat heartbeat(
        *server_, {std::chrono::milliseconds(20), std::chrono::seconds(60)}, counting()
    );
    EXPECT_TRUE(wait_for_beats(3));
    std::atomic<bool> hanging{false};
    server_->post([&] {
        hanging = true;
        const std::lock_guard wait(hang);
    });
    while (!hanging) {
        std::this_thread::yield();
    }
    // At most one beat may follow: the question that was asked before the loop hung.
    [[maybe_unused]] const bool beat = wait_for_beats(1);
    int before = 0;
    {
        const std::lock_guard lock(mutex_);
        before = beats_;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    {
        const std::lock_guard lock(mutex_);
        EXPECT_LE(beats_, before + 1);
    }
    held.unlock();
    EXPECT_TRUE(wait_for_beats(2));
}

}  // namespace
}  // namespace bascule::daemon
