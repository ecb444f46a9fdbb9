// Where the real program listens: sockets of a service manager, a certificate that is replaced, and
// more requests than it can hold.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "notify_socket.hpp"
#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t people = 10;

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// A TCP socket that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int flags) : number_(::socket(AF_INET, SOCK_STREAM | flags, 0)) {}
    ~Descriptor() { ::close(number_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A socket that a service manager listens on, inherited by programs that are started.
class Activated {
  public:
    Activated() : socket_(0) {
        auto address = loopback(0);
        socklen_t size = sizeof address;
        const int number = socket_.number();
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(number, raw, sizeof address), 0);
        EXPECT_EQ(::listen(number, 16), 0);
        EXPECT_EQ(::getsockname(number, raw, &size), 0);
        port_ = ntohs(address.sin_port);
    }
    [[nodiscard]] int number() const { return socket_.number(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    Descriptor socket_;
    std::uint16_t port_ = 0;
};

/// A client's connection.
class Client {
  public:
    explicit Client(std::uint16_t port) : socket_(SOCK_CLOEXEC) {
        const auto address = loopback(port);
        const auto* raw = reinterpret_cast<const sockaddr*>(&address);
        connected_ = ::connect(socket_.number(), raw, sizeof address) == 0;
        const timeval patience{60, 0};
        ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    [[nodiscard]] bool connected() const { return connected_; }
    void send(const std::string& text) const {
        const ssize_t sent = ::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL);
        EXPECT_EQ(sent, static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] bool answered() const {
        pollfd one{socket_.number(), POLLIN, 0};
        return ::poll(&one, 1, 0) > 0;
    }
    /// Everything until the server closes.
    [[nodiscard]] std::string receive() const {
        std::string all;
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = ::recv(socket_.number(), part.data(), part.size(), 0)) > 0;) {
            all.append(part.data(), static_cast<std::size_t>(got));
        }
        return all;
    }

  private:
    Descriptor socket_;
    bool connected_ = false;
};

std::string ask(std::uint16_t port, const std::string& path) {
    const Client client(port);
    client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    return client.receive();
}

class Listening : public ::testing::Test {
  protected:
    Listening() {
        directory_.load_ldif(directory_ldif(people, 1));
        directory_.start();
    }
    SlapdRig directory_;
    DaemonRig daemon_{directory_};
};

TEST_F(Listening, SocketsOfAServiceManagerAreTakenByName) {
    const Activated open;
    const Activated probes;
    // Whoever connects before the start is answered after it.
    const Client early(open.port());
    ASSERT_TRUE(early.connected());
    early.send(
        "GET /scim/v2/ServiceProviderConfig HTTP/1.1\r\nHost: localhost\r\nConnection: "
        "close\r\n\r\n"
    );
    const std::string script = fmt::format(
        "exec 3<&{} 4<&{}; export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=management:public; "
        "exec \"$@\"",
        probes.number(), open.number()
    );
    daemon_.launch_through({"bash", "-c", script, "bash"});
    EXPECT_TRUE(early.receive().starts_with("HTTP/1.1 "));
    daemon_.wait_for_state("live");
    EXPECT_TRUE(ask(probes.port(), "/livez").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(ask(open.port(), "/livez").starts_with("HTTP/1.1 404 "));
    // The addresses of the configuration are not taken beside them.
    EXPECT_FALSE(Client(daemon_.port()).connected());
    EXPECT_FALSE(Client(daemon_.management_port()).connected());
    EXPECT_EQ(daemon_.stop(), 0);
}

class Certificates : public Listening {
  protected:
    Certificates() {
        make_certificates(folder("first"));
        make_certificates(folder("second"));
        std::filesystem::create_directory(folder("served"));
        serve("first", {"/server.pem", "/server.key"});
        std::string text = contents(daemon_.configuration());
        const std::string from = "public_url: \"http://";
        text.replace(
            text.find(from), from.size(),
            "tls: { certificate: " + folder("served") + "/server.pem, key: { file: " +
                folder("served") + "/server.key } }, public_url: \"https://"
        );
        std::ofstream(daemon_.configuration()) << text;
    }
    [[nodiscard]] std::string folder(const std::string& name) const {
        return daemon_.folder() + "/" + name;
    }
    void serve(const std::string& name, const std::vector<std::string>& files) const {
        for (const std::string& file : files) {
            const std::string target = folder("served") + file;
            std::filesystem::copy_file(
                folder(name) + file, target, std::filesystem::copy_options::overwrite_existing
            );
            std::filesystem::permissions(
                target, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
            );
        }
    }
    /// Whether a new connection that trusts this authority alone is made.
    [[nodiscard]] bool trusted_by(const std::string& name) const {
        const std::string url = "https://127.0.0.1:" + std::to_string(daemon_.port()) + "/";
        return run_program({"curl", "-sS", "--cacert", folder(name) + "/ca.pem", url}).exit_code ==
               0;
    }
};

TEST_F(Certificates, NewConnectionsSeeTheOneThatAReloadFound) {
    NotifySocket manager(daemon_.folder() + "/notify");
    daemon_.launch();
    ASSERT_NE(manager.wait_for("READY=1"), "");
    EXPECT_TRUE(trusted_by("first"));
    EXPECT_FALSE(trusted_by("second"));
    serve("second", {"/server.pem", "/server.key"});
    EXPECT_TRUE(trusted_by("first"));
    daemon_.signal(SIGHUP);
    ASSERT_NE(manager.wait_for("RELOADING=1"), "");
    ASSERT_NE(manager.wait_for("READY=1"), "");
    EXPECT_TRUE(trusted_by("second"));
    EXPECT_FALSE(trusted_by("first"));
}

TEST_F(Certificates, OneThatDoesNotFitItsKeyLeavesTheFormer) {
    NotifySocket manager(daemon_.folder() + "/notify");
    daemon_.launch();
    ASSERT_NE(manager.wait_for("READY=1"), "");
    serve("second", {"/server.pem"});
    daemon_.signal(SIGHUP);
    EXPECT_NE(manager.wait_for("former configuration"), "");
    EXPECT_TRUE(trusted_by("first"));
}

/// Holds the database's only write lock, as a backup program might.
class WriteLock {
  public:
    explicit WriteLock(const std::string& database) {
        EXPECT_EQ(sqlite3_open(database.c_str(), &connection_), SQLITE_OK);
        sqlite3_busy_timeout(connection_, 10'000);
        EXPECT_EQ(
            sqlite3_exec(connection_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK
        );
    }
    ~WriteLock() { sqlite3_close(connection_); }
    WriteLock(const WriteLock&) = delete;
    WriteLock& operator=(const WriteLock&) = delete;

  private:
    sqlite3* connection_ = nullptr;
};

std::string new_group(const std::string& token, const std::string& name) {
    const std::string body =
        R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":")" + name +
        "\"}";
    return fmt::format(
        "POST /scim/v2/Groups HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Authorization: Bearer {}\r\nContent-Type: application/scim+json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        token, body.size(), body
    );
}

TEST_F(Listening, WritesBeyondWhatMayWaitAreToldWhenToComeAgain) {
    daemon_.start();
    const std::string token = daemon_.token();
    ASSERT_EQ(daemon_.request("GET", "/scim/v2/Users?count=0").status, 200);
    constexpr int clients = 600;  // 32 threads and 512 places in the queue of writes
    std::vector<std::unique_ptr<Client>> all;
    auto lock = std::make_unique<WriteLock>(daemon_.database());
    for (int number = 0; number < clients; ++number) {
        all.push_back(std::make_unique<Client>(daemon_.port()));
        all.back()->send(new_group(token, "g" + std::to_string(number)));
    }
    const auto refused = [&] {
        return std::ranges::find_if(all, [](const auto& client) { return client->answered(); });
    };
    wait_until("a refusal", 30s, [&] { return refused() != all.end(); });
    const std::string answer = (*refused())->receive();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("application/scim+json"), std::string::npos) << answer;
    EXPECT_NE(answer.find("\"status\":\"503\""), std::string::npos) << answer;
    // Reads go on meanwhile, and there is room again when the writer can go on.
    EXPECT_EQ(daemon_.request("GET", "/scim/v2/Users?count=0").status, 200);
    lock.reset();
    wait_until("room", 30s, [&] {
        const Client later(daemon_.port());
        later.send(new_group(token, "after"));
        return later.receive().starts_with("HTTP/1.1 201 ");
    });
}

TEST(Transport, PasswordsOfPeopleAreNotSentInTheClearToAnotherHost) {
    const std::string address = own_address();
    if (address.empty()) {
        GTEST_SKIP() << "this machine has no address beside loopback";
    }
    SlapdRig directory(SlapdOptions{.address = address});
    directory.load_ldif(directory_ldif(people, 1));
    directory.start();
    DaemonRig daemon(directory);
    daemon.start();
    const std::string person =
        R"({"userName":")" + user_uid(1) + R"(","password":")" + std::string(user_password) + "\"}";
    const std::string answer =
        run_program({"curl", "-sS", "-H", "Content-Type: application/json", "-H",
                     "X-Bascule-Request: 1", "-d", person,
                     "http://127.0.0.1:" + std::to_string(daemon.port()) + "/api/v1/session"})
            .output;
    EXPECT_NE(answer.find("directory_insecure"), std::string::npos) << answer;
    EXPECT_NE(answer.find("StartTLS"), std::string::npos) << answer;
    EXPECT_EQ(answer.find(user_password), std::string::npos);
}

}  // namespace
}  // namespace bascule::test
