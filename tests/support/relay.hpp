#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace bascule::test {

/// Passes LDAP connections on to a server on loopback, message by message (RFC 4511 section 4.1.1),
/// and lets a test decide what the other side hears of them, when, and in which piece.
/// Thread-safe.
class Relay {
  public:
    enum class Fate {
        pass,
        drop,  ///< the other side never hears it: what a lost message looks like
        hold,  ///< passed in one piece with the next one that is
        cut,   ///< half of it, then the connection is reset
        drip,  ///< half of it, then a byte a second, for ever
    };
    /// One message on its way.
    struct Passing {
        std::size_t connection = 0;  ///< counted from 0
        bool from_server = false;
        std::size_t number = 0;  ///< of this side's messages on this connection, counted from 0
        const std::string& message;
    };
    struct Verdict {
        Fate fate = Fate::pass;
        std::string also_to_server = {};  ///< said to the server after it
        std::string instead = {};         ///< passed in its place, when it is not empty
    };
    /// Called on the connection's thread.
    using Judge = std::function<Verdict(const Passing&)>;
    /// With these files the clients speak TLS (ldaps) to the relay, and each piece is one record;
    /// to the server nobody does.
    struct TlsFiles {
        std::string certificate;
        std::string key;
    };

    /// `server` is the IPv4 address of the server.
    explicit Relay(
        std::uint16_t server_port, Judge judge = {}, const TlsFiles& tls = {},
        const std::string& server = "127.0.0.1"
    );
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// How many connections have been made.
    [[nodiscard]] std::size_t connections() const;
    /// From now on the client of this connection hears nothing.
    void mute(std::size_t connection);
    /// From now on nothing of what the server says on this connection is read, as by a client that
    /// is slow; resume() ends that.
    void pause(std::size_t connection);
    void resume(std::size_t connection);
    /// From now on everything that the server says arrives this much later.
    void delay(std::chrono::milliseconds by) { delay_ = by; }

  private:
    class Client;
    struct Pair;
    void accept(const std::stop_token& stop);
    void pass(Pair& pair, const std::stop_token& stop);
    void listen(Pair& pair);
    [[nodiscard]] bool tell_delayed(Pair& pair);
    [[nodiscard]] bool take(Pair& pair, bool from_server, const std::string& data);
    [[nodiscard]] bool carry(Pair& pair, bool from_server, const std::string& message);
    [[nodiscard]] Pair& pair_of(std::size_t connection);

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::uint16_t server_port_;
    std::string server_;
    Judge judge_;
    std::shared_ptr<void> tls_context_;
    std::atomic<std::chrono::milliseconds> delay_{std::chrono::milliseconds(0)};
    mutable std::mutex mutex_;
    std::list<Pair> pairs_;
    std::jthread thread_;
};

}  // namespace bascule::test
