#include "tests/integration/connections/silent_service.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace bascule::test {
namespace {

int bound(int type, sockaddr_in& address) {
    const int descriptor = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(descriptor, generic, size) != 0 || ::getsockname(descriptor, generic, &size) != 0) {
        const int code = errno;
        ::close(descriptor);
        throw std::system_error(code, std::generic_category(), "a silent port");
    }
    return descriptor;
}

}  // namespace

SilentService::SilentService(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    stream_ = bound(SOCK_STREAM, address);
    ::listen(stream_, 64);
    try {
        datagram_ = bound(SOCK_DGRAM, address);
    } catch (...) {
        ::close(stream_);
        throw;
    }
    port_ = ntohs(address.sin_port);
}

SilentService::~SilentService() {
    ::close(stream_);
    ::close(datagram_);
}

}  // namespace bascule::test
