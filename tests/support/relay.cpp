#include "tests/support/relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bascule::test {
namespace {

constexpr int slice_ms = 20;
constexpr std::size_t portion = 65536;

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error("no IPv4 address: " + host);
    }
    return address;
}

bool send_all(int to, std::string_view data) {
    while (!data.empty()) {
        const auto sent = ::send(to, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool readable(int descriptor, int milliseconds) {
    pollfd polled{descriptor, POLLIN, 0};
    return ::poll(&polled, 1, milliseconds) > 0;
}

/// The size of the message that `bytes` begins with; nothing while that cannot be told.
std::optional<std::size_t> message_size(std::string_view bytes) {
    const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    if (bytes.size() < 2) {
        return std::nullopt;
    }
    if (octet(1) < 0x80) {
        return std::size_t{2} + octet(1);
    }
    const std::size_t count = octet(1) & 0x7FU;
    if (bytes.size() < 2 + count) {
        return std::nullopt;
    }
    std::size_t length = 0;
    for (std::size_t at = 0; at < count; ++at) {
        length = length << 8U | octet(2 + at);
    }
    return 2 + count + length;
}

}  // namespace

/// The side that asks, with or without TLS.
class Relay::Client {
  public:
    Client(int descriptor, SSL_CTX* context) : descriptor_(descriptor) {
        if (context != nullptr) {
            tls_.reset(SSL_new(context));
            SSL_set_fd(tls_.get(), descriptor);
        }
    }
    ~Client() {
        tls_.reset();
        ::close(descriptor_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool greet() { return tls_ == nullptr || SSL_accept(tls_.get()) == 1; }
    [[nodiscard]] bool has_more() const { return tls_ != nullptr && SSL_pending(tls_.get()) > 0; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    /// Empty when it has gone.
    [[nodiscard]] std::string read() {
        std::string data(portion, '\0');
        const auto size = tls_ == nullptr
                              ? ::recv(descriptor_, data.data(), data.size(), 0)
                              : SSL_read(tls_.get(), data.data(), static_cast<int>(data.size()));
        data.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return data;
    }
    [[nodiscard]] bool write(const std::string& data) {
        if (data.empty() || tls_ == nullptr) {
            return send_all(descriptor_, data);
        }
        return SSL_write(tls_.get(), data.data(), static_cast<int>(data.size())) > 0;
    }
    void reset() const {
        const linger at_once{1, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

  private:
    struct Free {
        void operator()(SSL* tls) const { SSL_free(tls); }
    };
    int descriptor_;
    std::unique_ptr<SSL, Free> tls_;
};

struct Relay::Pair {
    std::size_t number = 0;
    std::unique_ptr<Client> client;
    int server = -1;
    std::atomic<bool> muted = false;
    std::atomic<bool> paused = false;
    /// Of the connection's thread: what has come of a message, how many have, what is held.
    struct Side {
        std::string begun;
        std::size_t messages = 0;
        std::string held;
    };
    Side of_client;
    Side of_server;
    /// What the server has said and the client is to hear later; empty data: it has gone.
    struct Delayed {
        std::chrono::steady_clock::time_point due;
        std::string data;
    };
    std::deque<Delayed> delayed;
    bool gone = false;  ///< the server
    bool drips = false;
    std::jthread thread;
};

Relay::Relay(std::uint16_t server_port, Judge judge, const TlsFiles& tls, const std::string& server)
    : server_port_(server_port), server_(server), judge_(std::move(judge)) {
    if (!tls.key.empty()) {
        ::signal(SIGPIPE, SIG_IGN);
        SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
        tls_context_ = {context, [](void* owned) { SSL_CTX_free(static_cast<SSL_CTX*>(owned)); }};
        if (SSL_CTX_use_certificate_chain_file(context, tls.certificate.c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(context, tls.key.c_str(), SSL_FILETYPE_PEM) != 1) {
            throw std::runtime_error("the relay cannot use its certificate");
        }
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = address_of("127.0.0.1", 0);
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

Relay::Pair& Relay::pair_of(std::size_t connection) {
    const std::scoped_lock lock(mutex_);
    return *std::next(pairs_.begin(), static_cast<std::ptrdiff_t>(connection));
}

void Relay::mute(std::size_t connection) {
    pair_of(connection).muted = true;
}

void Relay::pause(std::size_t connection) {
    pair_of(connection).paused = true;
}

void Relay::resume(std::size_t connection) {
    pair_of(connection).paused = false;
}

void Relay::accept(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (!readable(listener_, slice_ms)) {
            continue;
        }
        auto client = std::make_unique<Client>(
            ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC),
            static_cast<SSL_CTX*>(tls_context_.get())
        );
        const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = address_of(server_, server_port_);
        if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(server);
            continue;
        }
        const std::scoped_lock lock(mutex_);
        auto& pair = pairs_.emplace_back();
        pair.number = pairs_.size() - 1;
        pair.client = std::move(client);
        pair.server = server;
        pair.thread = std::jthread([this, &pair](const std::stop_token& end) { pass(pair, end); });
    }
}

void Relay::pass(Pair& pair, const std::stop_token& stop) {
    auto next_drop = std::chrono::steady_clock::now();
    bool open = pair.client->greet();
    while (open && !stop.stop_requested()) {
        std::array<pollfd, 2> polled{
            pollfd{pair.client->descriptor(), POLLIN, 0},
            {pair.paused || pair.gone ? -1 : pair.server, POLLIN, 0}};
        const bool waits = !pair.client->has_more();
        ::poll(polled.data(), polled.size(), waits ? slice_ms : 0);
        if (polled[0].revents != 0 || !waits) {
            open = take(pair, false, pair.client->read());
        }
        if (polled[1].revents != 0) {
            listen(pair);
        }
        open = open && tell_delayed(pair);
        if (open && pair.drips && std::chrono::steady_clock::now() > next_drop) {
            next_drop = std::chrono::steady_clock::now() + std::chrono::seconds(1);
            open = pair.client->write(std::string(1, '\0'));
        }
    }
    pair.client.reset();
    ::close(pair.server);
}

void Relay::listen(Pair& pair) {
    std::string data(portion, '\0');
    const auto size = ::recv(pair.server, data.data(), data.size(), 0);
    data.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    pair.gone = data.empty();
    pair.delayed.push_back({std::chrono::steady_clock::now() + delay_.load(), std::move(data)});
}

bool Relay::tell_delayed(Pair& pair) {
    bool open = true;
    while (open && !pair.delayed.empty() &&
           pair.delayed.front().due <= std::chrono::steady_clock::now()) {
        open = take(pair, true, pair.delayed.front().data);
        pair.delayed.pop_front();
    }
    return open;
}

/// Carries every whole message; false when the connection has ended.
bool Relay::take(Pair& pair, bool from_server, const std::string& data) {
    auto& side = from_server ? pair.of_server : pair.of_client;
    side.begun += data;
    bool open = !data.empty();
    while (open) {
        const auto size = message_size(side.begun);
        if (!size || side.begun.size() < *size) {
            break;
        }
        const std::string message = side.begun.substr(0, *size);
        side.begun.erase(0, *size);
        open = carry(pair, from_server, message);
    }
    return open;
}

bool Relay::carry(Pair& pair, bool from_server, const std::string& message) {
    auto& side = from_server ? pair.of_server : pair.of_client;
    const Passing passing{pair.number, from_server, side.messages++, message};
    const auto verdict = judge_ ? judge_(passing) : Verdict();
    const auto send = [&](const std::string& data) {
        return from_server ? pair.drips || pair.client->write(data) : send_all(pair.server, data);
    };
    bool open = true;
    switch (from_server && pair.muted ? Fate::drop : verdict.fate) {
        case Fate::pass:
            open = send(
                std::exchange(side.held, {}) + (verdict.instead.empty() ? message : verdict.instead)
            );
            break;
        case Fate::drop:
            break;
        case Fate::hold:
            side.held += message;
            break;
        case Fate::cut:
            static_cast<void>(send(message.substr(0, message.size() / 2)));
            pair.client->reset();
            return false;
        case Fate::drip:
            open = send(message.substr(0, message.size() / 2));
            pair.drips = true;
            break;
    }
    return open &&
           (verdict.also_to_server.empty() || send_all(pair.server, verdict.also_to_server));
}

}  // namespace bascule::test
