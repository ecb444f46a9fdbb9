#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "http/server/observer.hpp"
#include "http/server/options.hpp"
#include "http/server/proxies.hpp"
#include "http/server/tls.hpp"
#include "http/server/worker_pool.hpp"

namespace bascule::http {

/// What the server can ask of an open connection, from any thread.
class OpenConnection {
  public:
    virtual ~OpenConnection() = default;
    /// Keeps it alive while it is being told something; null when it is going already.
    [[nodiscard]] virtual std::shared_ptr<OpenConnection> hold() = 0;
    /// Closes it when no request is in progress; otherwise it closes after the answer.
    virtual void drain() = 0;
    virtual void abort() = 0;
};

/// A listener with what changes while it serves.
struct ListenerState {
    Listener options;
    int descriptor = -1;
    std::atomic<std::size_t> connections{0};

    [[nodiscard]] std::shared_ptr<const Router> router() const {
        const std::lock_guard lock(mutex);
        return options.router;
    }
    void set_router(std::shared_ptr<const Router> router) {
        const std::lock_guard lock(mutex);
        options.router = std::move(router);
    }
    mutable std::mutex mutex;
};

/// Shared by the acceptors and connections of one server.
struct ServerState {
    ServerState(ServerOptions given, Observer& watcher);

    [[nodiscard]] WorkerPool* pool(Pool which);
    void enter(ListenerState& listener, OpenConnection* connection);
    void leave(ListenerState& listener, OpenConnection* connection);
    /// Calls every open connection's drain() or abort().
    void tell_all(void (OpenConnection::*what)());
    /// True when no connection was left before `limit` had passed.
    [[nodiscard]] bool wait_until_empty(std::chrono::milliseconds limit);

    ServerOptions options;
    Observer& observer;
    TrustedProxies proxies;
    TlsSlot tls;
    std::atomic<bool> draining{false};
    std::chrono::milliseconds tick;  ///< how often a connection looks at its deadline
    std::vector<std::unique_ptr<ListenerState>> listeners;
    std::array<std::unique_ptr<WorkerPool>, 5> pools;

    std::mutex mutex;
    std::condition_variable emptied;
    std::unordered_set<OpenConnection*> open;
    // Last, so that what waits in it goes before what it uses.
    boost::asio::io_context io;
};

}  // namespace bascule::http
