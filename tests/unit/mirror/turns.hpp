#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace bascule::test {

/// Lets several things go on beside each other, one step of one of them at a time, in an order that
/// a seed decides.
class Turns {
  public:
    explicit Turns(unsigned seed) : random_(seed) {}

    /// Runs all of them to their end. Each calls pass() where others may go on.
    void run(const std::vector<std::function<void()>>& players) {
        playing_.assign(players.size(), true);
        std::vector<std::jthread> threads;
        for (std::size_t player = 0; player < players.size(); ++player)
            threads.emplace_back([this, player, &players] { play(player, players[player]); });
        {
            const std::lock_guard lock(mutex_);
            choose();
        }
        threads.clear();
        if (const auto failure = std::exchange(failure_, nullptr))
            std::rethrow_exception(failure);
    }

    /// The end of a step of this player, who goes on himself more often than not.
    void pass(std::size_t player) {
        std::unique_lock lock(mutex_);
        if (random_() % 3 != 0)
            return;
        choose();
        changed_.wait(lock, [&] { return turn_ == player; });
    }

  private:
    static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

    void play(std::size_t player, const std::function<void()>& work) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return turn_ == player; });
        }
        try {
            work();
        } catch (...) {
            failure_ = std::current_exception();
        }
        const std::lock_guard lock(mutex_);
        playing_[player] = false;
        choose();
    }

    void choose() {
        std::vector<std::size_t> left;
        for (std::size_t player = 0; player < playing_.size(); ++player) {
            if (playing_[player])
                left.push_back(player);
        }
        turn_ = left.empty()
                    ? nobody
                    : left[std::uniform_int_distribution<std::size_t>(0, left.size() - 1)(random_)];
        changed_.notify_all();
    }

    std::mt19937 random_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t turn_ = nobody;
    std::vector<bool> playing_;
    std::exception_ptr failure_;
};

}  // namespace bascule::test
