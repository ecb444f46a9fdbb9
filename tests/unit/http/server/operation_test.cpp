#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "server_fixture.hpp"

namespace bascule::http::test {
namespace {

using namespace std::chrono_literals;

std::string with_headers(const std::string& path, const std::string& headers) {
    return "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n";
}

using Timeout = ServerTest;

TEST_F(Timeout, HalfAHeaderIsAnswered408) {
    start([](ServerOptions& options) { options.timeouts.header = 50ms; });
    RawClient client = connect();
    client.send("GET /hello HTTP/1.1\r\nHo");
    EXPECT_EQ(client.read().status, 408);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(Timeout, HalfABodyIsAnswered408) {
    start([](ServerOptions& options) { options.timeouts.body = 50ms; });
    RawClient client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_EQ(client.read().status, 408);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(Timeout, IdleConnectionIsClosedWithoutAWord) {
    start([](ServerOptions& options) { options.timeouts.idle = 50ms; });
    RawClient client = connect();
    EXPECT_EQ(client.get("/hello").status, 200);
    EXPECT_EQ(client.read().status, 0);
}

TEST_F(Timeout, SlowHandlerIsNotCutByConnectionTimeouts) {
    start([](ServerOptions& options) {
        options.timeouts.header = options.timeouts.body = options.timeouts.write =
            options.timeouts.idle = 40ms;
    });
    RawClient client = connect();
    client.send(with_headers("/wait", ""));
    gate_.wait_for_arrivals(1);
    std::this_thread::sleep_for(150ms);
    gate_.open();
    EXPECT_EQ(client.read().body, "waited");
}

using Proxy = ServerTest;

TEST_F(Proxy, HeadersOfStrangersAreIgnored) {
    start();
    RawClient client = connect();
    client.send(with_headers(
        "/context",
        "X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-Proto: https\r\nX-Request-Id: mine\r\n"
    ));
    const Answer answer = client.read();
    EXPECT_NE(answer.body.find("from=127.0.0.1 secure=no"), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find("id=mine"), std::string::npos);
}

TEST_F(Proxy, HeadersOfTrustedProxiesCount) {
    start([](ServerOptions& options) { options.trusted_proxies = {"127.0.0.0/8", "10.0.0.0/8"}; });
    RawClient client = connect();
    client.send(with_headers(
        "/context",
        "X-Forwarded-For: 203.0.113.66, 198.51.100.9\r\nX-Forwarded-For: 10.1.1.1\r\n"
        "X-Forwarded-Proto: https\r\nX-Request-Id: mine-1\r\n"
    ));
    const Answer answer = client.read();
    EXPECT_EQ(answer.body, "id=mine-1 from=198.51.100.9 secure=yes");
    EXPECT_EQ(answer.headers.at("x-request-id"), "mine-1");
    EXPECT_EQ(answer.headers.count("strict-transport-security"), 1U);
    client.send(with_headers("/context", "X-Request-Id: <script>\r\n"));
    EXPECT_EQ(client.read().body.find("script"), std::string::npos);
}

TEST_F(Proxy, BadNetworkIsNamed) {
    ServerOptions options;
    options.trusted_proxies = {"10.0.0.0/33"};
    const auto server = Server::open(std::move(options), observer_);
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, "invalid_network");
}

using Listening = ServerTest;

TEST_F(Listening, PlainTextBeyondLoopbackIsRefused) {
    ServerOptions options;
    Listener listener;
    listener.name = "public";
    listener.address = "0.0.0.0:0";
    listener.router = router_;
    options.listeners.push_back(listener);
    const auto refused = Server::open(options, observer_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "plain_text_not_loopback");
    options.listeners[0].plain_behind_proxy = true;
    EXPECT_TRUE(Server::open(options, observer_));
}

TEST_F(Listening, TakenAddressIsAConflict) {
    start();
    ServerOptions options;
    Listener listener;
    listener.name = "public";
    listener.address = "127.0.0.1:" + std::to_string(server_->port("public"));
    options.listeners.push_back(listener);
    const auto second = Server::open(std::move(options), observer_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
}

TEST_F(Listening, UnixSocketTellsWhoCalls) {
    const std::string path = folder_ / "admin.sock";
    start([&](ServerOptions& options) {
        Listener admin = options.listeners[0];
        admin.name = "admin";
        admin.address = "unix:" + path;
        options.listeners.push_back(admin);
    });
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0660U);
    const Answer answer = RawClient::unix_socket(path).get("/context");
    EXPECT_NE(
        answer.body.find("from=local secure=no uid=" + std::to_string(getuid())), std::string::npos
    ) << answer.body;
    server_->stop(1s);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Listening, StaleUnixSocketIsReplacedAndALiveOneIsNot) {
    const std::string path = folder_ / "admin.sock";
    ServerOptions options;
    Listener admin;
    admin.name = "admin";
    admin.address = "unix:" + path;
    admin.router = router_;
    options.listeners.push_back(admin);
    auto first = Server::open(options, observer_);
    ASSERT_TRUE(first);
    const auto second = Server::open(options, observer_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "address_in_use");
    // What a killed process leaves behind: a bound name that nobody listens on.
    std::filesystem::rename(path, path + ".kept");
    first->reset();
    std::filesystem::rename(path + ".kept", path);
    EXPECT_TRUE(Server::open(options, observer_));
}

TEST_F(Listening, ConnectionsBeyondTheLimitAreRefused) {
    start([](ServerOptions& options) { options.listeners[0].max_connections = 2; });
    RawClient first = connect();
    RawClient second = connect();
    EXPECT_EQ(first.get("/hello").status, 200);
    EXPECT_EQ(second.get("/hello").status, 200);
    RawClient third = connect();
    EXPECT_EQ(third.read().status, 503);
    EXPECT_EQ(observer_.refused(), 1U);
}

using Overload = ServerTest;

TEST_F(Overload, FullQueueIsAnsweredAtOnceAndOthersGoOn) {
    start([](ServerOptions& options) { options.pools.read = {1, 1}; });
    RawClient running = connect();
    running.send(with_headers("/wait", ""));
    gate_.wait_for_arrivals(1);
    RawClient queued = connect();
    queued.send(with_headers("/wait", ""));
    while (server_->pool_loads()[0].queued < 1) {
        std::this_thread::yield();
    }
    RawClient refused = connect();
    const Answer answer = refused.get("/pool");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.headers.at("retry-after"), "1");
    EXPECT_EQ(refused.get("/hello").status, 200);
    gate_.open();
    EXPECT_EQ(running.read().body, "waited");
    EXPECT_EQ(queued.read().body, "waited");
}

TEST_F(Overload, ManyConnectionsAtOnce) {
    start();
    std::vector<std::jthread> clients;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            for (int j = 0; j < 20; ++j) {
                RawClient client = connect();
                for (const char* path : {"/hello", "/pool", "/items/x"}) {
                    good += client.get(path).status == 200 ? 1 : 0;
                }
            }
        });
    }
    clients.clear();
    EXPECT_EQ(good, 8 * 20 * 3);
}

using Drain = ServerTest;

TEST_F(Drain, RequestInProgressEndsAndNewOnesAreNotTaken) {
    start();
    RawClient busy = connect();
    RawClient idle = connect();
    EXPECT_EQ(idle.get("/hello").status, 200);
    busy.send(with_headers("/wait", ""));
    gate_.wait_for_arrivals(1);
    const auto port = server_->port("public");
    std::jthread stopping([&] { server_->stop(5s); });
    EXPECT_TRUE(idle.is_closed());
    gate_.open();
    const Answer answer = busy.read();
    EXPECT_EQ(answer.body, "waited");
    EXPECT_EQ(answer.headers.at("connection"), "close");
    stopping.join();
    EXPECT_NE(port, 0);
    EXPECT_EQ(observer_.wait_for(2).size(), 2U);
}

TEST_F(Drain, StopDoesNotWaitBeyondItsLimit) {
    start();
    RawClient half = connect();
    half.send("GET /hello HTTP/1.1\r\n");
    EXPECT_EQ(connect().get("/hello").status, 200);
    const auto begin = std::chrono::steady_clock::now();
    server_->stop(100ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
    EXPECT_EQ(half.read().status, 0);
}

using AccessLog = ServerTest;

TEST_F(AccessLog, OneEventForEveryRequest) {
    start();
    RawClient client = connect();
    const Answer good = client.get("/items/7?secret=x");
    const Answer missing = client.get("/nowhere");
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(client.read().status, 400);
    const auto seen = observer_.wait_for(3);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].path, "/items/7");
    EXPECT_EQ(seen[0].route, "/items/{}");
    EXPECT_EQ(seen[0].status, 200);
    EXPECT_EQ(seen[0].source_address, "127.0.0.1");
    EXPECT_EQ(seen[0].request_id, good.headers.at("x-request-id"));
    EXPECT_EQ(seen[1].route, "");
    EXPECT_EQ(seen[1].status, 404);
    EXPECT_EQ(seen[2].status, 400);
}

class Tls : public ServerTest {
  protected:
    Tls() {
        make_certificate(file("one.pem"), file("one.key"), "one", "DNS:one.test");
        make_certificate(file("two.pem"), file("two.key"), "two.test", "DNS:two.test");
    }
    [[nodiscard]] std::string file(const char* name) const { return folder_ / name; }
    void start_tls(const std::string& client_ca = {}) {
        start([&](ServerOptions& options) {
            options.listeners[0].tls = true;
            options.tls = TlsFiles{file("one.pem"), file("one.key"), client_ca};
        });
    }
    [[nodiscard]] RawClient connect_tls() const { return RawClient::tls(server_->port("public")); }
};

TEST_F(Tls, RequestsAreServedWithTransportSecurity) {
    start_tls();
    RawClient client = connect_tls();
    const Answer answer = client.get("/context");
    EXPECT_NE(answer.body.find("secure=yes"), std::string::npos);
    EXPECT_EQ(answer.headers.count("strict-transport-security"), 1U);
    EXPECT_EQ(client.tls_version(), TLS1_3_VERSION);
    EXPECT_EQ(client.get("/pool").status, 200);
    const auto left = server_->certificate_expiry() - std::chrono::system_clock::now();
    EXPECT_GT(left, 50min);
    EXPECT_LT(left, 70min);
}

TEST_F(Tls, ReloadServesTheNewCertificateAndDropsNobody) {
    start_tls();
    RawClient before = connect_tls();
    EXPECT_EQ(before.get("/hello").status, 200);
    EXPECT_EQ(before.server_name(), "one");
    ASSERT_TRUE(server_->reload_certificate({file("two.pem"), file("two.key"), {}}));
    EXPECT_EQ(connect_tls().server_name(), "two.test");
    EXPECT_EQ(before.get("/hello").status, 200);
}

TEST_F(Tls, UnusableCertificateLeavesTheOldOne) {
    start_tls();
    const auto mixed = server_->reload_certificate({file("two.pem"), file("one.key"), {}});
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().code, "certificate_unusable");
    std::ofstream(file("broken.pem")) << "not a certificate";
    EXPECT_FALSE(server_->reload_certificate({file("broken.pem"), file("two.key"), {}}));
    EXPECT_EQ(connect_tls().server_name(), "one");
}

TEST_F(Tls, ClientCertificateNamesAreGivenToHandlers) {
    start_tls(file("two.pem"));
    RawClient named = RawClient::tls(server_->port("public"), file("two.pem"), file("two.key"));
    EXPECT_NE(named.get("/context").body.find("name=DNS:two.test"), std::string::npos);
    EXPECT_EQ(connect_tls().get("/context").body.find("name="), std::string::npos);
}

TEST_F(Tls, PlainTextOnATlsPortIsDroppedAndCounted) {
    start_tls();
    RawClient plain = connect();
    EXPECT_EQ(plain.get("/hello").status, 0);
    EXPECT_EQ(connect_tls().get("/hello").status, 200);
    EXPECT_EQ(observer_.refused(), 1U);
}

}  // namespace
}  // namespace bascule::http::test
