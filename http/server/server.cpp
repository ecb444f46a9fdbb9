#include "http/server/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "directory/base/log.hpp"
#include "http/server/connection.hpp"
#include "http/server/server_state.hpp"
#include "http/server/sockets.hpp"
#include "http/server/tls.hpp"

namespace bascule::http {
namespace asio = boost::asio;
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::seconds abort_wait{2};

constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: "
    "close\r\n\r\n";

void refuse_connection(ServerState& server, const ListenerState& listener, Socket& socket) {
    server.observer.connection_refused(listener.options.name, ConnectionRefusal::limit_reached);
    if (!listener.options.tls) {
        [[maybe_unused]] const auto sent = ::send(
            socket.native_handle(), busy_answer.data(), busy_answer.size(),
            MSG_DONTWAIT | MSG_NOSIGNAL
        );
    }
}

asio::awaitable<void> accept_loop(
    ServerState* server, ListenerState* listener, std::shared_ptr<Acceptor> acceptor
) {
    asio::steady_timer pause(acceptor->get_executor());
    while (acceptor->is_open()) {
        auto strand = asio::make_strand(server->io);
        Socket socket(strand);
        auto [ec] = co_await acceptor->async_accept(socket, as_result);
        if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor) {
            co_return;
        }
        if (ec) {
            // Most likely out of descriptors: wait for some to come back instead of spinning.
            log::warning(
                "accept_failed", "A connection could not be accepted.", {{"error", ec.message()}}
            );
            pause.expires_after(accept_pause);
            [[maybe_unused]] auto [ignored] = co_await pause.async_wait(as_result);
            continue;
        }
        if (listener->connections.load(std::memory_order_relaxed) >=
            listener->options.max_connections) {
            refuse_connection(*server, *listener, socket);
            continue;
        }
        serve(*server, *listener, std::move(socket));
    }
}

}  // namespace

struct Server::Impl {
    Impl(ServerOptions options, Observer& observer) : state(std::move(options), observer) {}

    ListenerState* find(std::string_view name) {
        for (const auto& listener : state.listeners) {
            if (listener->options.name == name) {
                return listener.get();
            }
        }
        return nullptr;
    }

    ServerState state;
    std::vector<std::shared_ptr<Acceptor>> acceptors;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard;
    std::vector<std::jthread> threads;
    std::once_flag stopped;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
    stop(std::chrono::milliseconds(0));
}

Result<std::unique_ptr<Server>> Server::open(ServerOptions options, Observer& observer) {
    auto impl = std::make_unique<Impl>(std::move(options), observer);
    ServerState& state = impl->state;
    BASCULE_TRY(state.proxies, TrustedProxies::parse(state.options.trusted_proxies));
    if (state.options.tls) {
        BASCULE_TRY(auto context, make_tls_context(*state.options.tls));
        state.tls.set(std::move(context));
    }
    for (Listener& listener : state.options.listeners) {
        if (listener.tls && !state.options.tls) {
            return fail(
                ErrorKind::invalid_input, "certificate_missing",
                "Listener '" + listener.name + "' speaks TLS, but no certificate is configured."
            );
        }
        BASCULE_TRY(const int descriptor, open_listening_socket(listener));
        auto entry = std::make_unique<ListenerState>();
        entry->descriptor = descriptor;
        entry->options = listener;
        state.listeners.push_back(std::move(entry));
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
        auto acceptor = std::make_shared<Acceptor>(asio::make_strand(state.io));
        acceptor->assign(asio::generic::stream_protocol(address.ss_family, 0), descriptor);
        impl->acceptors.push_back(std::move(acceptor));
    }
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::start() {
    ServerState& state = impl_->state;
    impl_->guard.emplace(state.io.get_executor());
    for (std::size_t i = 0; i < impl_->acceptors.size(); ++i) {
        auto acceptor = impl_->acceptors[i];
        ListenerState* listener = state.listeners[i].get();
        asio::co_spawn(
            acceptor->get_executor(), accept_loop(&state, listener, acceptor), asio::detached
        );
    }
    const std::size_t count = std::max<std::size_t>(state.options.io_threads, 1);
    for (std::size_t i = 0; i < count; ++i) {
        impl_->threads.emplace_back([&state] { state.io.run(); });
    }
}

void Server::stop(std::chrono::milliseconds limit) {
    std::call_once(impl_->stopped, [this, limit] {
        ServerState& state = impl_->state;
        state.draining = true;
        for (const auto& acceptor : impl_->acceptors) {
            asio::post(acceptor->get_executor(), [acceptor] {
                boost::system::error_code ignored;
                acceptor->close(ignored);
            });
        }
        if (!impl_->threads.empty()) {
            state.tell_all(&OpenConnection::drain);
            if (!state.wait_until_empty(limit)) {
                state.tell_all(&OpenConnection::abort);
                [[maybe_unused]] const bool gone = state.wait_until_empty(abort_wait);
            }
        }
        for (const auto& pool : state.pools) {
            pool->stop();
        }
        impl_->guard.reset();
        state.tell_all(&OpenConnection::abort);
        [[maybe_unused]] const bool gone = state.wait_until_empty(std::chrono::milliseconds(100));
        state.io.stop();
        impl_->threads.clear();
        for (const auto& listener : state.listeners) {
            constexpr std::string_view prefix = "unix:";
            if (listener->options.address.starts_with(prefix) && !listener->options.descriptor) {
                ::unlink(listener->options.address.c_str() + prefix.size());
            }
        }
    });
}

std::uint16_t Server::port(std::string_view name) const {
    const ListenerState* listener = impl_->find(name);
    return listener == nullptr ? std::uint16_t{0} : bound_port(listener->descriptor);
}

Status Server::reload_certificate(const TlsFiles& files) {
    BASCULE_TRY(auto context, make_tls_context(files));
    impl_->state.tls.set(std::move(context));
    return {};
}

Time Server::certificate_expiry() const {
    const auto context = impl_->state.tls.get();
    return context ? http::certificate_expiry(*context) : Time{};
}

void Server::set_router(std::string_view name, std::shared_ptr<const Router> router) {
    if (ListenerState* listener = impl_->find(name)) {
        listener->set_router(std::move(router));
    }
}

std::vector<PoolLoad> Server::pool_loads() const {
    std::vector<PoolLoad> loads;
    for (const auto& pool : impl_->state.pools) {
        loads.push_back({pool->name(), pool->queued(), pool->finished()});
    }
    return loads;
}

std::size_t Server::connections(std::string_view name) const {
    const ListenerState* listener = impl_->find(name);
    return listener == nullptr ? 0 : listener->connections.load(std::memory_order_relaxed);
}

void Server::post(std::function<void()> fn) {
    asio::post(impl_->state.io, std::move(fn));
}

}  // namespace bascule::http
