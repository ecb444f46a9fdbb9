#pragma once

#include <string>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/socket.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

/// What a server shows in a TLS handshake, whether it is trusted or not.
struct TlsFacts {
    std::string protocol;  ///< "TLSv1.3"
    std::string subject;   ///< of the certificate
    std::string issuer;
    Time expires;
    bool name_matches = false;  ///< the certificate is for the host of the URL
    std::string distrust;       ///< why the chain is not trusted; empty when it is
};

/// Makes a handshake of its own, after StartTLS where the options say so; sends nothing else.
/// Errors: `unavailable`/"directory_unavailable", "directory_tls".
[[nodiscard]] Result<TlsFacts> read_tls_facts(
    const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline
);

}  // namespace bascule::ldap
