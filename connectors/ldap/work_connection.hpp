#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <vector>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// Connections of the service account for reads and writes, opened when needed and kept.
/// Thread-safe; each caller has a connection of its own while it works, and waits for one until its
/// deadline.
class WorkConnection {
  public:
    explicit WorkConnection(ConnectionOptions options, std::size_t most = 4);
    /// Ends what is under way; callers get `unavailable`/"stopped".
    ~WorkConnection();

    /// Runs `work` on a connection. One that the server has closed meanwhile is replaced before
    /// anything is sent, so nothing is ever sent twice.
    template <class T>
    [[nodiscard]] Result<T> run(
        Deadline deadline, const std::function<Result<T>(Connection&)>& work
    ) {
        BASCULE_TRY(auto connection, borrow(deadline));
        auto result = work(connection);
        give_back(std::move(connection));
        return result;
    }

    [[nodiscard]] const ConnectionOptions& options() const { return options_; }

  private:
    [[nodiscard]] Result<Connection> borrow(Deadline deadline);
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
