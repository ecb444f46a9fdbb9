#include "tests/support/relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace bascule::test {
namespace {

constexpr int slice_ms = 20;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool send_all(int to, const char* data, std::size_t size) {
    while (size > 0) {
        const auto sent = ::send(to, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

}  // namespace

Relay::Relay(std::uint16_t server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("the relay cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { accept(stop); });
}

Relay::~Relay() {
    thread_.request_stop();
    thread_.join();
    pairs_.clear();
    ::close(listener_);
}

std::size_t Relay::connections() const {
    const std::scoped_lock lock(mutex_);
    return pairs_.size();
}

void Relay::mute(std::size_t connection) {
    const std::scoped_lock lock(mutex_);
    std::next(pairs_.begin(), static_cast<std::ptrdiff_t>(connection))->muted = true;
}

void Relay::accept(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        pollfd polled{listener_, POLLIN, 0};
        if (::poll(&polled, 1, slice_ms) <= 0) {
            continue;
        }
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = loopback(server_port_);
        if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(client);
            ::close(server);
            continue;
        }
        const std::scoped_lock lock(mutex_);
        auto& pair = pairs_.emplace_back();
        pair.client = client;
        pair.server = server;
        pair.thread = std::jthread([this, &pair](const std::stop_token& end) { pass(pair, end); });
    }
}

void Relay::pass(Pair& pair, const std::stop_token& stop) const {
    std::vector<char> buffer(65536);
    bool open = true;
    while (open && !stop.stop_requested()) {
        std::array<pollfd, 2> polled{pollfd{pair.client, POLLIN, 0}, {pair.server, POLLIN, 0}};
        if (::poll(polled.data(), polled.size(), slice_ms) <= 0) {
            continue;
        }
        for (const auto& one : polled) {
            if (one.revents == 0) {
                continue;
            }
            const auto size = ::recv(one.fd, buffer.data(), buffer.size(), 0);
            const bool from_server = one.fd == pair.server;
            const bool passes = !from_server || !pair.muted;
            if (from_server) {
                std::this_thread::sleep_for(delay_.load());
            }
            open = open && size > 0 &&
                   (!passes || send_all(
                                   from_server ? pair.client : pair.server, buffer.data(),
                                   static_cast<std::size_t>(size)
                               ));
        }
    }
    ::close(pair.client);
    ::close(pair.server);
}

}  // namespace bascule::test
