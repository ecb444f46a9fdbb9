#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/ldap/dns_lookup.hpp"
#include "connectors/ldap/reachability.hpp"
#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::ldap {

/// Reads a password where it is kept, so that a rotated one is seen at the next bind. Must be
/// thread-safe.
using SecretProvider = std::function<Result<Secret>()>;

/// Finds the servers of a source at this moment, within a deadline. Must be thread-safe.
using ServerFinder =
    std::function<Result<std::vector<Candidate>>(std::chrono::steady_clock::time_point)>;

/// Finds the addresses of a host, within a deadline. Must be thread-safe.
using AddressFinder = std::function<Result<std::vector<HostAddress>>(
    const std::string& host, int port, std::chrono::steady_clock::time_point
)>;

/// How the service account proves itself.
enum class BindMethod {
    simple,    ///< by its DN and a secret; without a DN it does not
    external,  ///< by the client certificate, or as this process over a local socket
    gssapi,    ///< by Kerberos
};

/// How a directory server is reached and as whom.
struct ConnectionOptions {
    /// URIs in the order of preference: ldap://host:port, ldaps://host:port, ldapi://%2Fpath. The
    /// first that answers is used; those that failed lately are tried last.
    std::vector<std::string> servers;
    /// Where servers are found when `servers` is empty.
    ServerFinder finder;
    std::string finder_name;  ///< what stands in the configuration
    AddressFinder addresses;  ///< empty: the machine's resolver
    /// What a change of server would cost the reader.
    Loyalty loyalty = Loyalty::none;
    /// Shared by copies of the options.
    std::shared_ptr<Reachability> reach = std::make_shared<Reachability>();

    /// PEM file of the authorities that are trusted; empty: the system's.
    std::string ca_file;
    /// StartTLS on ldap:// before anything else is said; a server that cannot is refused.
    bool start_tls = false;

    BindMethod method = BindMethod::simple;
    std::string bind_dn;           ///< of simple binds; empty: anonymous
    SecretProvider secret;         ///< asked at each bind of bind_dn
    std::string certificate_file;  ///< PEM chain that is shown to servers; empty: none
    std::string key_file;          ///< PEM
    std::string keytab_file;       ///< of GSSAPI; empty: the process's own ticket cache
    std::string principal;         ///< of the keytab; empty: its first
    /// With another server to go on with: how long one that is there may say nothing; zero: as long
    /// as the other time-outs let it.
    std::chrono::milliseconds silence{3'000};
    /// How often files and secret are looked at, and whether a preferred server is back.
    std::chrono::milliseconds look_interval{2'000};

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

    /// The service account binds at all.
    [[nodiscard]] bool binds() const { return method != BindMethod::simple || !bind_dn.empty(); }
    /// Who binds, in a form that may be compared and shown.
    [[nodiscard]] std::string identity() const;
    /// The servers to try, in the order of preference.
    [[nodiscard]] Result<std::vector<Candidate>> candidates(
        std::chrono::steady_clock::time_point deadline, const std::stop_token& stop = {}
    ) const;
    /// There is, or may be found, more than one server.
    [[nodiscard]] bool has_alternatives() const;
    /// The same for one server only.
    [[nodiscard]] ConnectionOptions at(const std::string& server) const;
    /// For the server that the change feed reads from: another one may not have heard of what the
    /// mirror holds. The same as this while the feed reads from none.
    [[nodiscard]] ConnectionOptions at_feed() const;
};

}  // namespace bascule::ldap
