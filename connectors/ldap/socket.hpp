#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "connectors/ldap/connection_options.hpp"
#include "directory/base/result.hpp"

namespace bascule::ldap {

using Deadline = std::chrono::steady_clock::time_point;

/// A second descriptor of a connection's socket. The library owns the first and may close it at any
/// time; this one stays valid, so that any thread can end the conversation without meeting a
/// descriptor that was given to somebody else.
class Wire {
  public:
    /// Duplicates `descriptor`.
    explicit Wire(int descriptor);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// Ends both directions; whoever waits on the connection wakes with "server down". Thread-safe.
    void shut() const;
    /// True when the peer has closed or has said something nobody asked for.
    [[nodiscard]] bool stale() const;
    /// How many bytes have come so far, read or not; 0 of a local socket.
    [[nodiscard]] std::uint64_t received() const;
    /// The other end is this machine.
    [[nodiscard]] bool local() const;
    /// Notes that a message came from the other end. Thread-safe, as heard_at() is.
    void note_heard() const { heard_at_ = std::chrono::steady_clock::now(); }
    /// When the last message came; at first when the wire was made.
    [[nodiscard]] Deadline heard_at() const { return heard_at_; }

  private:
    int descriptor_;
    mutable std::atomic<Deadline> heard_at_{std::chrono::steady_clock::now()};
};

/// Shuts a wire at a deadline unless it is destroyed before: nothing in the library ends a TLS
/// handshake with a silent peer.
class Watchdog {
  public:
    Watchdog(const Wire& wire, Deadline deadline);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

  private:
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

/// Where a URI points to.
struct Endpoint {
    std::string scheme;  ///< ldap, ldaps or ldapi
    std::string host;    ///< or the path of a local socket
    int port = 0;
};

[[nodiscard]] Result<Endpoint> parse_endpoint(const std::string& uri);

/// Looks the host's name up and connects, neither blocking longer than `deadline`; returns a
/// non-blocking descriptor that the caller owns.
[[nodiscard]] Result<int> connect_socket(
    const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline,
    const std::stop_token& stop
);

}  // namespace bascule::ldap
