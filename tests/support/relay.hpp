#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace bascule::test {

/// Passes connections on to a server on loopback, and can let what the server says on one of them
/// vanish while the connection stands: what a lost notification looks like. Thread-safe.
class Relay {
  public:
    explicit Relay(std::uint16_t server_port);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// How many connections have been made.
    [[nodiscard]] std::size_t connections() const;
    /// From now on the client of this connection (counted from 0) hears nothing.
    void mute(std::size_t connection);
    /// From now on everything that the server says arrives this much later.
    void delay(std::chrono::milliseconds by) { delay_ = by; }

  private:
    struct Pair {
        int client = -1;
        int server = -1;
        std::atomic<bool> muted = false;
        std::jthread thread;
    };
    void accept(const std::stop_token& stop);
    void pass(Pair& pair, const std::stop_token& stop) const;

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::uint16_t server_port_;
    std::atomic<std::chrono::milliseconds> delay_{std::chrono::milliseconds(0)};
    mutable std::mutex mutex_;
    std::list<Pair> pairs_;
    std::jthread thread_;
};

}  // namespace bascule::test
