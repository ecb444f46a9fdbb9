#include "connectors/ldap/side_connection.hpp"

#include <chrono>
#include <utility>

namespace bascule::ldap {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::minutes kept_for{1};

}  // namespace

SideConnection::SideConnection(ConnectionOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)) {}

Result<Connection*> SideConnection::get() {
    if (!connection_ || !connection_->alive()) {
        connection_.reset();
        const auto deadline =
            steady_clock::now() + options_.network_timeout + options_.operation_timeout;
        BASCULE_TRY(auto connection, Connection::open_bound(options_, deadline, stop_));
        connection_.emplace(std::move(connection));
    }
    used_ = steady_clock::now();
    return &*connection_;
}

void SideConnection::rest() {
    if (connection_ && steady_clock::now() - used_ > kept_for) {
        connection_.reset();
    }
}

}  // namespace bascule::ldap
