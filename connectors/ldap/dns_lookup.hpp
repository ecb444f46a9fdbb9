#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "directory/base/result.hpp"

namespace bascule::ldap {

/// One SRV record (RFC 2782).
struct ServiceRecord {
    int priority = 0;
    int weight = 0;
    std::string host;
    int port = 0;
};

struct HostAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

/// Why a name has no addresses: nobody answered in time. `unavailable`/"dns_failed".
[[nodiscard]] Error name_unanswered(const std::string& name);

/// Asks DNS servers within a deadline. Thread-safe. Errors are `unavailable`/"dns_failed"; a name
/// that does not exist is an empty answer.
class DnsLookup {
  public:
    using Deadline = std::chrono::steady_clock::time_point;

    /// `servers`: addresses with or without port; empty: those of the machine.
    explicit DnsLookup(std::vector<std::string> servers);

    [[nodiscard]] Result<std::vector<ServiceRecord>> services(
        const std::string& name, Deadline deadline
    ) const;
    [[nodiscard]] Result<std::vector<HostAddress>> addresses(
        const std::string& host, int port, Deadline deadline
    ) const;

  private:
    std::string servers_;  ///< as c-ares wants them
};

}  // namespace bascule::ldap
