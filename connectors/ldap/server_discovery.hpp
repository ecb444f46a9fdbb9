#pragma once

#include <string>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/dns_lookup.hpp"

namespace bascule::ldap {

/// How servers that SRV records name are reached.
enum class DiscoveredTransport {
    tls,    ///< ldaps: where _ldaps._tcp says, else on port 636 of the hosts of _ldap._tcp
    plain,  ///< ldap: for StartTLS, and for binds that bring encryption of their own
};

/// In the order of RFC 2782: by priority, and among equals by chance in proportion to their
/// weights. `random` gives numbers from 0 to its argument.
[[nodiscard]] std::vector<ServiceRecord> in_service_order(
    std::vector<ServiceRecord> records, const std::function<int(int)>& random
);

/// Finds servers by the SRV records of `domain`: of its domain controllers, when it is a domain of
/// Active Directory, else of its LDAP servers. An answer is kept for 1 s, and for as long as DNS
/// does not answer. Errors are `unavailable`/"dns_failed", `unavailable`/"no_servers_found".
[[nodiscard]] ServerFinder find_by_service_records(
    std::string domain, DnsLookup dns, DiscoveredTransport transport
);

}  // namespace bascule::ldap
