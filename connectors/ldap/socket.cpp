#include "connectors/ldap/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <ldap.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "connectors/ldap/bounded_call.hpp"

namespace bascule::ldap {
namespace {

constexpr std::chrono::milliseconds stop_check{100};

/// Closes a descriptor that has no owner yet.
class OwnedDescriptor {
  public:
    explicit OwnedDescriptor(int descriptor) : descriptor_(descriptor) {}
    ~OwnedDescriptor() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    OwnedDescriptor(const OwnedDescriptor&) = delete;
    OwnedDescriptor& operator=(const OwnedDescriptor&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_;
};

auto unreachable(const Endpoint& endpoint, std::string_view why) {
    return fail(Error{
        ErrorKind::unavailable,
        "directory_unavailable",
        "The directory server does not answer. Try again later.",
        {},
        fmt::format("{}://{}:{}: {}", endpoint.scheme, endpoint.host, endpoint.port, why),
        {}});
}

auto silent(const Endpoint& endpoint) {
    return fail(Error{
        ErrorKind::timeout,
        "directory_timeout",
        "The directory server did not answer in time. Try again later.",
        {},
        fmt::format("connecting to {}://{}:{}", endpoint.scheme, endpoint.host, endpoint.port),
        {}});
}

void set_option(int descriptor, int level, int name, int value) {
    ::setsockopt(descriptor, level, name, &value, sizeof value);
}

void set_tcp_options(int descriptor, const ConnectionOptions& options) {
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(
        descriptor, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.keepalive_idle.count())
    );
    set_option(
        descriptor, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options.keepalive_interval.count())
    );
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_probes);
    set_option(
        descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT,
        static_cast<int>(options.tcp_user_timeout.count())
    );
}

enum class Connected { yes, no, late };

Connected wait_connected(int descriptor, Deadline deadline, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0) {
            break;
        }
        pollfd polled{descriptor, POLLOUT, 0};
        if (::poll(&polled, 1, static_cast<int>(std::min(left, stop_check).count())) > 0) {
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
            errno = error;
            return error == 0 ? Connected::yes : Connected::no;
        }
    }
    return Connected::late;
}

Connected connect_address(
    int descriptor, const sockaddr* address, socklen_t size, Deadline deadline,
    const std::stop_token& stop
) {
    if (::connect(descriptor, address, size) == 0) {
        return Connected::yes;
    }
    return errno == EINPROGRESS ? wait_connected(descriptor, deadline, stop) : Connected::no;
}

Result<int> connect_local(const Endpoint& endpoint) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.host.size() >= sizeof address.sun_path) {
        return unreachable(endpoint, "the path is too long");
    }
    endpoint.host.copy(address.sun_path, sizeof address.sun_path - 1);
    OwnedDescriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
        return unreachable(endpoint, std::strerror(errno));
    }
    ::fcntl(descriptor.get(), F_SETFL, O_NONBLOCK);
    return descriptor.release();
}

using Addresses = Result<std::vector<HostAddress>>;

/// By the machine's resolver (files, DNS and whatever nsswitch.conf names), which knows no
/// deadline.
Addresses ask_machine(const Endpoint& endpoint, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    const int code =
        ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
    if (code != 0) {
        return unreachable(endpoint, ::gai_strerror(code));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    std::vector<HostAddress> addresses;
    for (const auto* one = found; one != nullptr; one = one->ai_next) {
        HostAddress& address = addresses.emplace_back();
        address.size = one->ai_addrlen;
        std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    }
    return addresses;
}

Addresses addresses_of(
    const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline,
    const std::stop_token& stop
) {
    if (auto literal = ask_machine(endpoint, AI_NUMERICHOST)) {
        return literal;
    }
    auto found =
        call_within<Addresses>(deadline, stop, [endpoint, deadline, find = options.addresses] {
            return find ? find(endpoint.host, endpoint.port, deadline) : ask_machine(endpoint, 0);
        });
    return found ? *std::move(found) : fail(name_unanswered(endpoint.host));
}

}  // namespace

Wire::Wire(int descriptor) : descriptor_(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)) {}

Wire::~Wire() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void Wire::shut() const {
    ::shutdown(descriptor_, SHUT_RDWR);
}

bool Wire::stale() const {
    char byte = 0;
    const auto got = ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::uint64_t Wire::received() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    const bool known = ::getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
    return known ? info.tcpi_bytes_received : 0;
}

bool Wire::local() const {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
        return false;
    }
    if (storage.ss_family == AF_UNIX) {
        return true;
    }
    if (storage.ss_family == AF_INET) {
        const auto& address = reinterpret_cast<const sockaddr_in&>(storage);
        return (ntohl(address.sin_addr.s_addr) >> 24U) == 127;
    }
    const auto& address = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&address) ||
           (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

Watchdog::Watchdog(const Wire& wire, Deadline deadline)
    : thread_([this, &wire, deadline](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          wake_.wait_until(lock, stop, deadline, [] { return false; });
          if (!stop.stop_requested()) {
              wire.shut();
          }
      }) {}

Watchdog::~Watchdog() {
    thread_.request_stop();
    thread_.join();
}

Result<Endpoint> parse_endpoint(const std::string& uri) {
    LDAPURLDesc* parsed = nullptr;
    if (ldap_url_parse(uri.c_str(), &parsed) != LDAP_URL_SUCCESS) {
        return fail(
            ErrorKind::invalid_input, "invalid_server",
            fmt::format("\"{}\" is not an LDAP URI; write ldaps://host or ldap://host:port.", uri)
        );
    }
    const std::unique_ptr<LDAPURLDesc, void (*)(LDAPURLDesc*)> owner(parsed, ldap_free_urldesc);
    Endpoint endpoint;
    endpoint.scheme = parsed->lud_scheme;
    endpoint.host = parsed->lud_host == nullptr ? "localhost" : parsed->lud_host;
    endpoint.port = parsed->lud_port;
    if (endpoint.port == 0) {
        endpoint.port = endpoint.scheme == "ldaps" ? LDAPS_PORT : LDAP_PORT;
    }
    return endpoint;
}

Result<int> connect_socket(
    const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline,
    const std::stop_token& stop
) {
    if (endpoint.scheme == "ldapi") {
        return connect_local(endpoint);
    }
    BASCULE_TRY(const auto addresses, addresses_of(endpoint, options, deadline, stop));
    int problem = EHOSTUNREACH;
    for (const auto& address : addresses) {
        OwnedDescriptor descriptor(
            ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
        );
        if (descriptor.get() < 0) {
            problem = errno;
            continue;
        }
        set_tcp_options(descriptor.get(), options);
        const auto connected = connect_address(
            descriptor.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size,
            deadline, stop
        );
        if (connected == Connected::yes) {
            return descriptor.release();
        }
        if (connected == Connected::late) {
            return silent(endpoint);
        }
        problem = errno;
    }
    return unreachable(endpoint, std::strerror(problem));
}

}  // namespace bascule::ldap
