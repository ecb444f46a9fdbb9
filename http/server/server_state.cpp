#include "http/server/server_state.hpp"

#include <algorithm>

namespace bascule::http {
namespace {

std::chrono::milliseconds tick_for(const Timeouts& timeouts) {
    const auto shortest = std::min({timeouts.header, timeouts.body, timeouts.write, timeouts.idle});
    return std::clamp<std::chrono::milliseconds>(
        shortest / 4, std::chrono::milliseconds(10), std::chrono::seconds(5)
    );
}

}  // namespace

ServerState::ServerState(ServerOptions given, Observer& watcher)
    : options(std::move(given)),
      observer(watcher),
      tick(tick_for(options.timeouts)),
      io(static_cast<int>(std::max<std::size_t>(options.io_threads, 1))) {
    pools[0] = std::make_unique<WorkerPool>("read", options.pools.read);
    pools[1] = std::make_unique<WorkerPool>("write", options.pools.write);
    pools[2] = std::make_unique<WorkerPool>("password", options.pools.password);
    pools[3] = std::make_unique<WorkerPool>("admin", options.pools.admin);
    pools[4] = std::make_unique<WorkerPool>("waiting", options.pools.waiting);
}

WorkerPool* ServerState::pool(Pool which) {
    switch (which) {
        case Pool::inline_:
            return nullptr;
        case Pool::read:
            return pools[0].get();
        case Pool::write:
            return pools[1].get();
        case Pool::password:
            return pools[2].get();
        case Pool::admin:
            return pools[3].get();
        case Pool::waiting:
            return pools[4].get();
    }
    return nullptr;
}

void ServerState::enter(ListenerState& listener, OpenConnection* connection) {
    listener.connections.fetch_add(1, std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex);
        open.insert(connection);
    }
    observer.connection_opened(listener.options.name);
}

void ServerState::leave(ListenerState& listener, OpenConnection* connection) {
    listener.connections.fetch_sub(1, std::memory_order_relaxed);
    observer.connection_closed(listener.options.name);
    const std::lock_guard lock(mutex);
    open.erase(connection);
    if (open.empty()) {
        emptied.notify_all();
    }
}

void ServerState::tell_all(void (OpenConnection::*what)()) {
    std::vector<std::shared_ptr<OpenConnection>> held;
    {
        const std::lock_guard lock(mutex);
        held.reserve(open.size());
        for (OpenConnection* connection : open) {
            held.push_back(connection->hold());
        }
    }
    for (const auto& connection : held) {
        if (connection) {
            ((*connection).*what)();
        }
    }
}

bool ServerState::wait_until_empty(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex);
    return emptied.wait_for(lock, limit, [this] { return open.empty(); });
}

}  // namespace bascule::http
