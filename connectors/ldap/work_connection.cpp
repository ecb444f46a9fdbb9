#include "connectors/ldap/work_connection.hpp"

#include <algorithm>
#include <utility>

namespace bascule::ldap {

WorkConnection::WorkConnection(ConnectionOptions options, std::size_t most)
    : options_(std::move(options)), most_(most) {}

WorkConnection::~WorkConnection() {
    stop_.request_stop();
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return in_use_ == 0; });
}

/// Those that are of no more use are ended on the way.
std::optional<Connection> WorkConnection::take_idle(const ConnectionOptions& options) {
    std::erase_if(idle_, [this](const Connection& one) {
        // One to a server that fell silent looks as good as ever.
        return !one.alive() ||
               (options_.has_alternatives() && options_.reach->is_set_aside(one.server()));
    });
    const auto fits = std::ranges::find_if(idle_, [&](const Connection& one) {
        return options.servers.size() != 1 || one.server() == options.servers.front();
    });
    if (fits == idle_.end()) {
        return std::nullopt;
    }
    auto taken = std::move(*fits);
    idle_.erase(fits);
    return taken;
}

Result<Connection> WorkConnection::borrow(
    const ConnectionOptions& options, Deadline deadline, const std::stop_token& stop
) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, deadline, [this] { return in_use_ < most_; })) {
        return fail(Error{
            ErrorKind::unavailable,
            connections_busy_code,
            "The directory server did not answer others in time. Try again later.",
            {},
            "all connections were busy",
            {}});
    }
    ++in_use_;
    if (auto idle = take_idle(options)) {
        if (stop.stop_possible()) {
            idle->obey(stop);
        }
        return *std::move(idle);
    }
    lock.unlock();
    const auto obeyed = stop.stop_possible() ? stop : stop_.get_token();
    auto connection = Connection::open_bound(options, deadline, obeyed);
    if (!connection) {
        lock.lock();
        --in_use_;
        freed_.notify_all();
    }
    return connection;
}

void WorkConnection::give_back(Connection connection) {
    const std::scoped_lock lock(mutex_);
    if (connection.alive()) {
        idle_.push_back(std::move(connection));
    }
    --in_use_;
    freed_.notify_all();
}

}  // namespace bascule::ldap
