#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/error.hpp"
#include "directory/base/secret.hpp"
#include "http/api/router.hpp"

namespace bascule::http {

/// Turns a refusal of the server itself (404, 413, 503, …) into a response in the style of the
/// path.
using ErrorRenderer =
    std::function<Response(std::string_view path, const Error& error, std::string_view request_id)>;

/// What a TLS endpoint shows. Files are PEM.
struct TlsFiles {
    std::string certificate;  ///< the certificate and its chain
    std::string key;          ///< file of the key, unless its text is given
    std::string
        client_ca;  ///< asks clients for a certificate of these authorities; empty: does not ask
    std::shared_ptr<const Secret> key_text = nullptr;  ///< PEM
};

/// How long a peer may take. A timeout is noticed within a quarter of the shortest one, at most 5 s
/// late.
struct Timeouts {
    std::chrono::milliseconds header{10'000};
    std::chrono::milliseconds body{30'000};
    std::chrono::milliseconds write{30'000};
    std::chrono::milliseconds idle{60'000};     ///< kept-alive connection without a request
    std::chrono::milliseconds handler{30'000};  ///< the deadline that handlers are given
    /// For all of an answer that is made while it is sent; `write` is for each piece of it.
    std::chrono::milliseconds whole_answer{300'000};
};

struct PoolOptions {
    std::size_t threads = 4;
    std::size_t queue = 256;  ///< requests that may wait; one more is answered 503
};

/// The bounded pools of Pool. Writes wait for a shared commit, hence many threads.
struct PoolSizes {
    PoolOptions read{4, 512};
    PoolOptions write{32, 512};
    PoolOptions password{8, 64};
    PoolOptions admin{2, 64};
    PoolOptions waiting{16, 64};
};

/// One address that is listened on, with the routes served there.
struct Listener {
    std::string name;     ///< "public", "management", "admin": for logs and metrics
    std::string address;  ///< "[::]:8443", "127.0.0.1:9410", "unix:/run/bascule/admin.sock"
    std::optional<int>
        descriptor;  ///< a listening socket from the service manager, instead of binding
    bool tls = false;
    bool plain_behind_proxy = false;  ///< allows plain text beyond loopback: a proxy terminates TLS
    std::size_t max_connections = 4096;
    std::optional<unsigned>
        socket_group;  ///< group of a Unix socket (mode 0660); else the process's own
    std::shared_ptr<const Router> router;
    ErrorRenderer render_error;  ///< empty: problem+json
};

struct ServerOptions {
    std::vector<Listener> listeners;
    std::optional<TlsFiles> tls;  ///< for the listeners with `tls`
    /// Addresses and networks ("10.0.0.0/8", "::1") whose X-Forwarded-* and X-Request-Id are
    /// believed.
    std::vector<std::string> trusted_proxies;
    std::size_t header_limit = std::size_t{16} << 10;
    std::size_t io_threads = 2;
    Timeouts timeouts;
    PoolSizes pools;
    bool strict_transport_security = true;  ///< on answers that left by TLS
    bool compression = true;  ///< of long answers of routes that allow it, for who takes gzip
};

}  // namespace bascule::http
