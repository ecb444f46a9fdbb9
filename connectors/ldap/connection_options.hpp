#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::ldap {

/// Reads a password where it is kept, so that a rotated one is seen at the next bind. Must be
/// thread-safe.
using SecretProvider = std::function<Result<Secret>()>;

/// How a directory server is reached and as whom.
struct ConnectionOptions {
    /// URIs in the order of preference: ldap://host:port, ldaps://host:port, ldapi://%2Fpath. The
    /// first that answers is used; every new connection starts at the first again.
    std::vector<std::string> servers;
    /// PEM file of the authorities that are trusted; empty: the system's.
    std::string ca_file;
    /// StartTLS on ldap:// before anything else is said; a server that cannot is refused.
    bool start_tls = false;

    std::string bind_dn;    ///< empty: anonymous
    SecretProvider secret;  ///< asked at each bind of bind_dn

    /// For connecting and the TLS handshake together, per server.
    std::chrono::milliseconds network_timeout{5'000};
    /// For an operation whose caller gives no deadline (bind, reads of the root entry).
    std::chrono::milliseconds operation_timeout{10'000};
    /// How long sent data may stay unacknowledged before the kernel ends the connection.
    std::chrono::milliseconds tcp_user_timeout{30'000};
    std::chrono::seconds keepalive_idle{30};
    std::chrono::seconds keepalive_interval{10};
    int keepalive_probes = 3;
    /// The largest message that is accepted; a group of 1,000,000 members needs some 60 MB.
    std::size_t maximum_message = 256UL << 20U;
};

}  // namespace bascule::ldap
