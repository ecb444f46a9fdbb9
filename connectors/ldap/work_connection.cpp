#include "connectors/ldap/work_connection.hpp"

#include <utility>

namespace bascule::ldap {

WorkConnection::WorkConnection(ConnectionOptions options, std::size_t most)
    : options_(std::move(options)), most_(most) {}

WorkConnection::~WorkConnection() {
    stop_.request_stop();
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return in_use_ == 0; });
}

Result<Connection> WorkConnection::borrow(Deadline deadline, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, deadline, [this] { return in_use_ < most_; })) {
        return fail(Error{
            ErrorKind::timeout,
            "directory_timeout",
            "The directory server did not answer in time. Try again later.",
            {},
            "all connections were busy",
            {}});
    }
    ++in_use_;
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        // One to a server that fell silent looks as good as ever.
        const bool left =
            options_.has_alternatives() && options_.reach->is_set_aside(connection.server());
        if (connection.alive() && !left) {
            if (stop.stop_possible()) {
                connection.obey(stop);
            }
            return connection;
        }
    }
    lock.unlock();
    const auto obeyed = stop.stop_possible() ? stop : stop_.get_token();
    auto connection = Connection::open_bound(options_, deadline, obeyed);
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
