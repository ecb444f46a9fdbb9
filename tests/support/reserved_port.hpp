#pragma once

#include <cstdint>
#include <string>

namespace bascule::test {

/// Keeps a port of the address for a server while that is down: bound, never listening. A server
/// that sets SO_REUSEADDR can listen there all the same.
struct ReservedPort {
    int descriptor = -1;
    std::uint16_t number = 0;
    explicit ReservedPort(const std::string& address);
    ~ReservedPort();
    ReservedPort(const ReservedPort&) = delete;
    ReservedPort& operator=(const ReservedPort&) = delete;
};

/// True when an LDAP server at this address answers an anonymous bind.
bool ldap_answers(const std::string& host, std::uint16_t port);

}  // namespace bascule::test
