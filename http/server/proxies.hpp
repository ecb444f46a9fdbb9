#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"

namespace bascule::http {

/// The networks whose forwarding headers are believed. IPv4 addresses that come mapped into IPv6
/// count as IPv4. Immutable, thread-safe.
class TrustedProxies {
  public:
    TrustedProxies() = default;
    /// "10.0.0.0/8", "192.0.2.7", "fd00::/8"; `invalid_input`/"invalid_network" names the bad one.
    [[nodiscard]] static Result<TrustedProxies> parse(const std::vector<std::string>& networks);

    [[nodiscard]] bool contains(std::string_view address) const;
    /// The client's address: `peer` itself unless it is trusted, else the rightmost address of
    /// X-Forwarded-For that is not trusted. A malformed element ends the walk.
    [[nodiscard]] std::string client_address(std::string_view peer, std::string_view forwarded_for)
        const;

  private:
    struct Network {
        std::array<std::uint8_t, 16> bytes{};
        unsigned prefix = 128;
    };
    std::vector<Network> networks_;
};

}  // namespace bascule::http
