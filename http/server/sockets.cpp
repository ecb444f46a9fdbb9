#include "http/server/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace bascule::http {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr int backlog = 1024;

/// Closes a descriptor unless it was released.
class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return value_; }
    [[nodiscard]] int release() { return std::exchange(value_, -1); }

  private:
    int value_;
};

tl::unexpected<Error> system_failure(std::string code, const std::string& what) {
    const int number = errno;
    const auto kind = number == EADDRINUSE ? ErrorKind::conflict : ErrorKind::unavailable;
    return fail(kind, std::move(code), what + ": " + std::strerror(number) + ".");
}

bool is_loopback(const sockaddr* address) {
    if (address->sa_family == AF_UNIX) {
        return true;
    }
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        const auto* bytes = v6.sin6_addr.s6_addr;
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && bytes[12] == 127);
    }
    return false;
}

Status require_private(const Listener& listener, const sockaddr* address) {
    if (listener.tls || listener.plain_behind_proxy || is_loopback(address)) {
        return {};
    }
    return fail(
        ErrorKind::invalid_input, "plain_text_not_loopback",
        "Listener '" + listener.name + "' at " + listener.address +
            " would carry passwords in plain text. Configure a certificate, listen on a loopback "
            "address, "
            "or state that a proxy terminates TLS."
    );
}

struct HostPort {
    std::string host;
    std::string port;
};

Result<HostPort> split_address(const std::string& address) {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
        return fail(
            ErrorKind::invalid_input, "invalid_address",
            "'" + address +
                "' is not an address to listen on; write host:port, [::]:port or unix:/path."
        );
    }
    HostPort result{address.substr(0, colon), address.substr(colon + 1)};
    if (result.host.front() == '[' && result.host.back() == ']') {
        result.host = result.host.substr(1, result.host.size() - 2);
    }
    return result;
}

Result<int> listen_tcp(const Listener& listener) {
    BASCULE_TRY(const HostPort parts, split_address(listener.address));
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int code = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found);
        code != 0) {
        return fail(
            ErrorKind::invalid_input, "invalid_address",
            "Cannot listen on '" + listener.address + "': " + gai_strerror(code) + "."
        );
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    BASCULE_CHECK(require_private(listener, found->ai_addr));
    Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    const int off = 0;
    if (socket.get() < 0) {
        return system_failure("listen_failed", "Cannot open a socket for " + listener.address);
    }
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (found->ai_family == AF_INET6) {
        setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket.get(), backlog) != 0) {
        return system_failure("listen_failed", "Cannot listen on " + listener.address);
    }
    return socket.release();
}

bool is_answered(const sockaddr_un& address) {
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Result<int> listen_unix(const Listener& listener) {
    const std::string path = listener.address.substr(unix_prefix.size());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(
            ErrorKind::invalid_input, "invalid_address",
            "The socket path '" + path + "' must have 1 to " +
                std::to_string(sizeof address.sun_path - 1) + " bytes."
        );
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    if (is_answered(address)) {
        return fail(
            ErrorKind::conflict, "address_in_use",
            "Another process answers at " + path + "; stop it first."
        );
    }
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) {
        ::unlink(path.c_str());
    }
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // Nobody but the owner may connect between bind and chmod.
    const mode_t mask = ::umask(0177);
    const int bound =
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(mask);
    if (bound != 0) {
        return system_failure("listen_failed", "Cannot listen on " + path);
    }
    if (listener.socket_group &&
        ::chown(path.c_str(), static_cast<uid_t>(-1), *listener.socket_group) != 0) {
        return system_failure("listen_failed", "Cannot give " + path + " to its group");
    }
    if (::chmod(path.c_str(), 0660) != 0 || ::listen(socket.get(), backlog) != 0) {
        return system_failure("listen_failed", "Cannot listen on " + path);
    }
    return socket.release();
}

Result<int> adopt(const Listener& listener) {
    const int descriptor = *listener.descriptor;
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::getsockname(descriptor, generic, &length) != 0) {
        return system_failure(
            "listen_failed", "The socket given for '" + listener.name + "' cannot be used"
        );
    }
    BASCULE_CHECK(require_private(listener, generic));
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
}

}  // namespace

Result<int> open_listening_socket(const Listener& listener) {
    if (listener.descriptor) {
        return adopt(listener);
    }
    return listener.address.starts_with(unix_prefix) ? listen_unix(listener) : listen_tcp(listener);
}

std::uint16_t bound_port(int descriptor) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        return 0;
    }
    if (address.ss_family == AF_INET) {
        return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    }
    if (address.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    }
    return 0;
}

std::string peer_address(int descriptor) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        return {};
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
        return inet_ntop(AF_INET, &v4, text.data(), text.size());
    }
    if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&v6)) {
            return inet_ntop(AF_INET, v6.s6_addr + 12, text.data(), text.size());
        }
        return inet_ntop(AF_INET6, &v6, text.data(), text.size());
    }
    return "local";
}

std::optional<LocalPeer> local_peer(int descriptor) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    int domain = 0;
    socklen_t domain_length = sizeof domain;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &domain_length) != 0 ||
        domain != AF_UNIX ||
        ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
        return std::nullopt;
    }
    LocalPeer peer{credentials.uid, {credentials.gid}};
    std::vector<gid_t> groups(64);
    socklen_t bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    int outcome = ::getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    if (outcome != 0 && errno == ERANGE) {
        groups.resize(bytes / sizeof(gid_t));
        outcome = ::getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    }
    if (outcome == 0) {
        groups.resize(bytes / sizeof(gid_t));
        peer.groups.insert(peer.groups.end(), groups.begin(), groups.end());
    }
    return peer;
}

}  // namespace bascule::http
