// Peers that accept a connection and then say nothing, at every stage: bounded in time, without
// burning a processor.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "connectors/ldap/connection.hpp"
#include "tests/integration/ldap/feed_runner.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What a peer does when it has no reply left.
enum class Then { listens, drips, resets };

/// Listens on loopback, answers each received piece with the next of its replies and then only
/// listens, sends a byte now and then, or resets the connection.
class SilentPeer {
  public:
    explicit SilentPeer(std::vector<std::string> replies, Then then = Then::listens)
        : replies_(std::move(replies)), then_(then) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listener_, 8), 0);
        EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }
    ~SilentPeer() {
        thread_.request_stop();
        thread_.join();
        ::close(listener_);
    }
    SilentPeer(const SilentPeer&) = delete;
    SilentPeer& operator=(const SilentPeer&) = delete;
    [[nodiscard]] std::string uri(std::string_view scheme) const {
        return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_);
    }

  private:
    static bool readable(int descriptor) {
        pollfd polled{descriptor, POLLIN, 0};
        return ::poll(&polled, 1, 20) > 0;
    }
    void serve(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (readable(listener_)) {
                talk(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), stop);
            }
        }
    }
    void talk(int client, const std::stop_token& stop) {
        std::vector<char> buffer(65536);
        std::size_t next = 0;
        while (!stop.stop_requested()) {
            if (next == replies_.size() && !after_last(client)) {
                break;
            }
            if (!readable(client)) {
                continue;
            }
            if (::recv(client, buffer.data(), buffer.size(), 0) <= 0) {
                break;
            }
            if (next < replies_.size()) {
                const auto& reply = replies_[next++];
                ::send(client, reply.data(), reply.size(), MSG_NOSIGNAL);
            }
        }
        ::close(client);
    }

    /// False when the conversation is over.
    [[nodiscard]] bool after_last(int client) const {
        if (then_ == Then::resets) {
            const linger at_once{1, 0};
            ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            return false;
        }
        if (then_ == Then::drips) {
            ::send(client, "a", 1, MSG_NOSIGNAL);
        }
        return true;
    }

    std::vector<std::string> replies_;
    Then then_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

const std::string bind_accepted("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", 14);
const std::string start_tls_accepted(
    "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", 14
);
/// The head of a TLS record of which nothing more comes.
const std::string half_a_record("\x16\x03\x03\x40\x00\x02", 6);
/// The head of a search entry of 4096 bytes.
const std::string half_an_entry("\x30\x82\x10\x00\x02\x01\x02\x64", 8);

milliseconds processor_time() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto count = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    return milliseconds(count);
}

ConnectionOptions options_for(const SilentPeer& peer, std::string_view scheme) {
    ConnectionOptions options;
    options.servers = {peer.uri(scheme)};
    options.bind_dn = "cn=bascule";
    options.secret = [] { return Secret(std::string("secret")); };
    options.network_timeout = milliseconds(700);
    options.operation_timeout = milliseconds(700);
    return options;
}

/// Runs `call`, which must fail within 700 ms and a little, without spinning.
template <class Call>
void expect_bounded(const Call& call) {
    const auto processor_before = processor_time();
    const auto before = steady_clock::now();
    call();
    const auto took = steady_clock::now() - before;
    EXPECT_GE(took, milliseconds(600));
    EXPECT_LT(took, milliseconds(1500));
    EXPECT_LT(processor_time() - processor_before, milliseconds(250));
}

void expect_open_fails(const ConnectionOptions& options) {
    expect_bounded([&] {
        const auto connection =
            Connection::open_bound(options, steady_clock::now() + milliseconds(700));
        ASSERT_FALSE(connection.has_value());
        EXPECT_EQ(connection.error().code, "directory_timeout") << connection.error().context;
    });
}

TEST(SilentPeer, BeforeTheHandshakeIsBounded) {
    const SilentPeer peer({});
    expect_open_fails(options_for(peer, "ldaps"));
}

TEST(SilentPeer, InsideTheHandshakeIsBounded) {
    const SilentPeer peer({half_a_record});
    expect_open_fails(options_for(peer, "ldaps"));
}

TEST(SilentPeer, BeforeStartTlsIsBounded) {
    const SilentPeer peer({});
    auto options = options_for(peer, "ldap");
    options.start_tls = true;
    expect_open_fails(options);
}

TEST(SilentPeer, AfterStartTlsWasConfirmedIsBounded) {
    const SilentPeer peer({start_tls_accepted});
    auto options = options_for(peer, "ldap");
    options.start_tls = true;
    expect_open_fails(options);
}

TEST(SilentPeer, BindWithoutAnAnswerIsBounded) {
    const SilentPeer peer({});
    expect_open_fails(options_for(peer, "ldap"));
}

TEST(SilentPeer, SearchWithoutAnAnswerIsBounded) {
    for (const auto& answer : {std::string(), half_an_entry}) {
        const SilentPeer peer(
            answer.empty() ? std::vector<std::string>{bind_accepted}
                           : std::vector<std::string>{bind_accepted, answer}
        );
        auto connection = Connection::open_bound(
            options_for(peer, "ldap"), steady_clock::now() + milliseconds(700)
        );
        ASSERT_TRUE(connection.has_value());
        expect_bounded([&] {
            const auto entries = connection->search({}, steady_clock::now() + milliseconds(700));
            ASSERT_FALSE(entries.has_value());
            EXPECT_EQ(entries.error().code, "directory_timeout");
        });
        EXPECT_FALSE(connection->alive());
    }
}

TEST(SilentPeer, EntryThatDripsIsBounded) {
    const SilentPeer peer({bind_accepted, half_an_entry}, Then::drips);
    auto connection =
        Connection::open_bound(options_for(peer, "ldap"), steady_clock::now() + milliseconds(700));
    ASSERT_TRUE(connection.has_value());
    expect_bounded([&] {
        const auto entries = connection->search({}, steady_clock::now() + milliseconds(700));
        ASSERT_FALSE(entries.has_value());
        EXPECT_EQ(entries.error().code, "directory_timeout");
    });
}

TEST(SilentPeer, HandshakeThatDripsIsBounded) {
    const SilentPeer peer({half_a_record}, Then::drips);
    expect_open_fails(options_for(peer, "ldaps"));
}

TEST(SilentPeer, ResetIsNoticedAtOnce) {
    const SilentPeer peer({bind_accepted}, Then::resets);
    const auto before = steady_clock::now();
    auto connection = Connection::open_bound(options_for(peer, "ldap"), before + milliseconds(700));
    if (connection) {
        const auto entries = connection->search({}, before + milliseconds(700));
        ASSERT_FALSE(entries.has_value());
        EXPECT_EQ(entries.error().code, "directory_unavailable");
    }
    EXPECT_LT(steady_clock::now() - before, milliseconds(600));
}

class BesideASilentPeer : public testing::Test {
  protected:
    void SetUp() override {
        slapd_.load_ldif(test::directory_ldif(20));
        slapd_.start();
    }
    test::SlapdRig slapd_;
};

TEST_F(BesideASilentPeer, NextServerIsTakenAndRememberedByAll) {
    const SilentPeer peer({});
    auto options = service_options(slapd_);
    options.network_timeout = milliseconds(700);
    options.servers = {peer.uri("ldap"), slapd_.ldap_uri()};
    const auto before = steady_clock::now();
    const auto first = Connection::open_bound(options, before + std::chrono::seconds(10));
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->server(), slapd_.ldap_uri());
    EXPECT_LT(steady_clock::now() - before, milliseconds(1500));
    const auto between = steady_clock::now();
    const auto second = Connection::open_bound(options, between + std::chrono::seconds(10));
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->server(), slapd_.ldap_uri());
    EXPECT_LT(steady_clock::now() - between, milliseconds(600));
}

TEST_F(BesideASilentPeer, AnotherSourceGoesOn) {
    const SilentPeer peer({});
    SyncReplOptions silent;
    silent.connection = options_for(peer, "ldap");
    silent.connection.operation_timeout = std::chrono::seconds(20);
    silent.base = "dc=rig,dc=test";
    FeedRunner waits(silent);
    FeedRunner follows(feed_options(slapd_));
    ASSERT_TRUE(follows.wait_refreshed());
    const auto processor_before = processor_time();
    slapd_.set(test::user_dn(3), "title", "told");
    EXPECT_TRUE(follows.wait([](const Seen& seen) {
        return seen.change_count(test::user_dn(3)) > 1;
    }));
    EXPECT_LT(processor_time() - processor_before, milliseconds(250));
}

TEST(SilentPeer, StopWakesAHandshake) {
    const SilentPeer peer({});
    std::stop_source stop;
    auto options = options_for(peer, "ldaps");
    options.network_timeout = std::chrono::seconds(20);
    std::jthread stopper([&] {
        std::this_thread::sleep_for(milliseconds(100));
        stop.request_stop();
    });
    const auto before = steady_clock::now();
    const auto connection =
        Connection::open_bound(options, before + std::chrono::seconds(20), stop.get_token());
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, "stopped");
    EXPECT_LT(steady_clock::now() - before, milliseconds(700));
}

TEST(SilentPeer, FeedIsFreedByItsHeartbeat) {
    const SilentPeer peer({bind_accepted});
    SyncReplOptions options;
    options.connection = options_for(peer, "ldap");
    options.base = "dc=rig,dc=test";
    options.heartbeat = milliseconds(100);
    FeedRunner runner(options);
    const auto result = runner.result();
    EXPECT_EQ(result.end, directory::FeedEnd::disconnected);
    EXPECT_EQ(result.error.code, "directory_silent");
}

}  // namespace
}  // namespace bascule::ldap
