#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/reserved_port.hpp"

namespace bascule::test {

/// A real DNS server (dnsmasq) on a port of loopback that the kernel chose. Its records are
/// arguments of dnsmasq ("--srv-host=…", "--host-record=…").
class NameServer {
  public:
    explicit NameServer(const std::vector<std::string>& records);
    ~NameServer();
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;

    /// Goes on with other records.
    void replace(const std::vector<std::string>& records);
    void stop();
    [[nodiscard]] std::string address() const;

  private:
    void start(const std::vector<std::string>& records);

    ReservedPort port_{"127.0.0.1"};
    std::string log_;
    pid_t pid_ = 0;
};

}  // namespace bascule::test
