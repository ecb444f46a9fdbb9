#pragma once

#include <cstdint>
#include <string>

namespace bascule::test {

/// A port of loopback, for UDP and for TCP, where everything is taken and nothing is answered.
class SilentService {
  public:
    /// Port 0: one that the kernel chooses. Throws std::runtime_error when it is in use.
    explicit SilentService(const std::string& address = "127.0.0.1", std::uint16_t port = 0);
    ~SilentService();
    SilentService(const SilentService&) = delete;
    SilentService& operator=(const SilentService&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    int stream_ = -1;
    int datagram_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace bascule::test
