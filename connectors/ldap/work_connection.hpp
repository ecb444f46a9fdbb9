#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// Of the error when no connection became free in time; it says nothing about the server.
inline constexpr const char* connections_busy_code = "connections_busy";

/// Connections of the service account for reads and writes, opened when needed and kept.
/// Thread-safe; each caller has a connection of its own while it works, and waits for one until its
/// deadline.
class WorkConnection {
  public:
    explicit WorkConnection(ConnectionOptions options, std::size_t most = 4);
    /// Ends what is under way; callers get `unavailable`/"stopped".
    ~WorkConnection();

    /// Runs `work` on a connection. One that the server has closed meanwhile is replaced before
    /// anything is sent, so nothing is ever sent twice. A stop request ends the work's waits.
    template <class T>
    [[nodiscard]] Result<T> run(
        Deadline deadline, const std::function<Result<T>(Connection&)>& work,
        const std::stop_token& stop = {}
    ) {
        return run_at(options_, deadline, work, stop);
    }
    /// The same at the server that the change feed reads from: what is compared with the mirror
    /// must not come from one that has heard less, or more.
    template <class T>
    [[nodiscard]] Result<T> run_at_feed(
        Deadline deadline, const std::function<Result<T>(Connection&)>& work,
        const std::stop_token& stop = {}
    ) {
        return run_at(options_.at_feed(), deadline, work, stop);
    }

    /// The same at one server.
    template <class T>
    [[nodiscard]] Result<T> run_at_server(
        const std::string& server, Deadline deadline,
        const std::function<Result<T>(Connection&)>& work, const std::stop_token& stop = {}
    ) {
        return run_at(options_.at(server), deadline, work, stop);
    }

    [[nodiscard]] const ConnectionOptions& options() const { return options_; }

  private:
    template <class T>
    [[nodiscard]] Result<T> run_at(
        const ConnectionOptions& options, Deadline deadline,
        const std::function<Result<T>(Connection&)>& work, const std::stop_token& stop
    ) {
        BASCULE_TRY(auto connection, borrow(options, deadline, stop));
        auto result = work(connection);
        if (stop.stop_possible()) {
            connection.obey(stop_.get_token());
        }
        give_back(std::move(connection));
        return result;
    }
    /// One of those kept, or a new one, at a server of these options.
    [[nodiscard]] Result<Connection> borrow(
        const ConnectionOptions& options, Deadline deadline, const std::stop_token& stop
    );
    [[nodiscard]] std::optional<Connection> take_idle(const ConnectionOptions& options);
    void give_back(Connection connection);

    ConnectionOptions options_;
    std::size_t most_;
    std::stop_source stop_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<Connection> idle_;
    std::size_t in_use_ = 0;
};

}  // namespace bascule::ldap
