#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// Looks beside a stream whether another connection would be better: when certificates, key or
/// secret changed, one that is made with the new ones; when the stream's server is not the
/// preferred one and changing costs nothing, one to a preferred server. It is connected and bound
/// before the stream hears of it, so that the stream loses no time, and stays where it is when the
/// new connection fails.
///
/// take() and wait-free ready() are for the stream's thread.
class Successor {
  public:
    /// Of a stream on `connection`, whose successors obey `stop`. With options.loyalty none it
    /// looks for preferred servers, too.
    Successor(ConnectionOptions options, const Connection& connection, std::stop_token stop);

    [[nodiscard]] bool ready() const { return ready_; }
    /// The better connection; the search goes on from there. Nothing when there is none.
    [[nodiscard]] std::optional<Connection> take();
    /// The one that was taken is of no use, and the stream stays where it was. Another is looked
    /// for after a while.
    void give_up(const Connection& taken, const Connection& stays, const Error& error);

  private:
    void run(const std::stop_token& stop);
    void look(const std::stop_token& stop);
    void renew(const std::string& material, const std::stop_token& stop);
    void try_preferred(const std::stop_token& stop);
    void offer(Connection connection);
    void tell_refused(const Error& error) const;
    [[nodiscard]] Deadline deadline() const;

    ConnectionOptions options_;
    std::stop_token stream_stop_;
    std::atomic<bool> ready_ = false;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::string server_;    ///< of the stream
    std::string material_;  ///< that the stream's connection was made with
    std::optional<Connection> next_;
    std::chrono::steady_clock::time_point rests_until_{};
    // Of the thread:
    std::string rested_material_;
    std::string refused_material_;
    std::chrono::steady_clock::time_point retry_at_{};
    std::chrono::seconds retry_pause_{};
    std::chrono::steady_clock::time_point find_again_{};
    std::jthread thread_;  ///< last: it uses everything above
};

}  // namespace bascule::ldap
