#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "http/server/observer.hpp"
#include "http/server/options.hpp"

namespace bascule::http {

struct ServerState;

/// What a pool is doing, for metrics and the heartbeat.
struct PoolLoad {
    std::string name;
    std::size_t queued = 0;
    std::uint64_t finished = 0;  ///< since the start
};

/// An HTTP/1.1 server: coroutines on a few I/O threads, plain synchronous handlers on bounded
/// pools. Public functions are thread-safe unless said otherwise.
class Server {
  public:
    /// Checks the options, loads the certificate and opens every socket; nothing is served before
    /// start(). `observer` outlives the server.
    [[nodiscard]] static Result<std::unique_ptr<Server>> open(
        ServerOptions options, Observer& observer
    );
    /// Stops without waiting for requests in progress.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Starts the threads. Once.
    void start();
    /// Accepts nothing new, lets requests in progress end for at most `limit`, closes the rest,
    /// joins. May be called twice.
    void stop(std::chrono::milliseconds limit);

    /// The port of the listener of that name; 0 for a Unix socket or an unknown name.
    [[nodiscard]] std::uint16_t port(std::string_view listener) const;
    /// Reads the files and uses them for new connections; on an error the old certificate stays.
    [[nodiscard]] Status reload_certificate(const TlsFiles& files);
    /// When the certificate in use ends; the epoch without TLS.
    [[nodiscard]] Time certificate_expiry() const;
    /// Requests that begin later use this table.
    void set_router(std::string_view listener, std::shared_ptr<const Router> router);

    [[nodiscard]] std::vector<PoolLoad> pool_loads() const;
    /// Open connections of a listener.
    [[nodiscard]] std::size_t connections(std::string_view listener) const;
    /// Runs `fn` soon on an I/O thread: proof of life for a watchdog.
    void post(std::function<void()> fn);

  private:
    struct Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace bascule::http
