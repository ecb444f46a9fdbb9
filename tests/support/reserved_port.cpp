#include "tests/support/reserved_port.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bascule::test {
namespace {

sockaddr_in endpoint(const std::string& address, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &out.sin_addr);
    return out;
}

}  // namespace

ReservedPort::ReservedPort(const std::string& host) {
    descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto address = endpoint(host, 0);
    socklen_t size = sizeof address;
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error(fmt::format("no port on {}: {}", host, std::strerror(errno)));
    }
    number = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() {
    ::close(descriptor);
}

bool ldap_answers(const std::string& host, std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{2, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto address = endpoint(host, port);
    bool answered = false;
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        constexpr std::array<unsigned char, 14> anonymous_bind{
            0x30, 0x0c, 0x02, 0x01, 0x01, 0x60, 0x07, 0x02, 0x01, 0x03, 0x04, 0x00, 0x80, 0x00};
        std::array<char, 1> reply{};
        answered =
            ::send(descriptor, anonymous_bind.data(), anonymous_bind.size(), MSG_NOSIGNAL) > 0 &&
            ::recv(descriptor, reply.data(), reply.size(), 0) == 1;
    }
    ::close(descriptor);
    return answered;
}

}  // namespace bascule::test
