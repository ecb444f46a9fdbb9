// Names that nobody answers for: bounded in time, woken by a stop.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/server_discovery.hpp"
#include "tests/integration/connections/silent_service.hpp"

namespace bascule::test {
namespace {

using ldap::Connection;
using ldap::ConnectionOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

ConnectionOptions options_for(const std::string& server) {
    ConnectionOptions options;
    options.servers = {server};
    options.network_timeout = options.operation_timeout = milliseconds(700);
    return options;
}

/// Opens a connection, which must fail after 700 ms and a little with "dns_failed".
void expect_bounded(const ConnectionOptions& options) {
    const auto before = steady_clock::now();
    const auto connection = Connection::open(options, before + milliseconds(700));
    const auto took = steady_clock::now() - before;
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, "dns_failed") << connection.error().context;
    EXPECT_GE(took, milliseconds(600));
    EXPECT_LT(took, milliseconds(1200));
}

/// The machine's resolver asks a name server that takes every question and says nothing: as seen by
/// one thread and those that it makes.
class SilentResolver : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "another /etc/resolv.conf needs root";
        }
    }
    void within(const std::function<void()>& work) {
        bool prepared = false;
        std::thread([&] {
            prepared = ::unshare(CLONE_FS | CLONE_NEWNS) == 0 &&
                       ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       put("/etc/resolv.conf", "nameserver " + address_ + "\n") &&
                       put("/etc/nsswitch.conf", "hosts: files dns\n");
            if (prepared) {
                work();
            }
        }).join();
        ASSERT_TRUE(prepared) << "the thread has no file system of its own";
    }

  private:
    static bool put(const std::string& place, const std::string& text) {
        const auto file =
            std::filesystem::temp_directory_path() /
            fmt::format(
                "bascule-{}-{}", ::getpid(), std::filesystem::path(place).filename().string()
            );
        std::ofstream(file) << text;
        const bool done = ::mount(file.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) == 0;
        std::filesystem::remove(file);
        return done;
    }

    std::string address_ = fmt::format("127.53.{}.{}", ::getpid() / 250 % 250, ::getpid() % 250);
    SilentService dns_{address_, 53};
};

TEST_F(SilentResolver, ConnectingIsBounded) {
    within([] { expect_bounded(options_for("ldap://nobody.rig.test")); });
}

TEST_F(SilentResolver, StopEndsTheWait) {
    within([] {
        std::stop_source stop;
        auto options = options_for("ldap://nobody.rig.test");
        options.network_timeout = seconds(20);
        std::jthread stopper([&] {
            std::this_thread::sleep_for(milliseconds(100));
            stop.request_stop();
        });
        const auto before = steady_clock::now();
        EXPECT_FALSE(Connection::open(options, before + seconds(20), stop.get_token()).has_value());
        EXPECT_LT(steady_clock::now() - before, milliseconds(700));
    });
}

TEST_F(SilentResolver, AnotherServerIsTriedAfterIt) {
    within([] {
        const SilentService server;
        auto options = options_for("ldap://nobody.rig.test");
        options.servers.push_back(fmt::format("ldap://127.0.0.1:{}", server.port()));
        const auto before = steady_clock::now();
        const auto connection = Connection::open(options, before + seconds(5));
        ASSERT_TRUE(connection.has_value());
        EXPECT_EQ(connection->server(), options.servers.back());
        EXPECT_LT(steady_clock::now() - before, milliseconds(1200));
    });
}

TEST(SilentNameServer, OfASourceIsBoundedAndWokenByAStop) {
    const SilentService dns;
    const ldap::DnsLookup lookup({fmt::format("127.0.0.1:{}", dns.port())});
    auto options = options_for("ldap://nobody.rig.test");
    options.addresses = [lookup](const std::string& host, int port, auto deadline) {
        return lookup.addresses(host, port, deadline);
    };
    expect_bounded(options);
    options.servers.clear();
    options.finder =
        ldap::find_by_service_records("rig.test", lookup, ldap::DiscoveredTransport::tls);
    options.finder_name = "srv:rig.test";
    expect_bounded(options);
    std::stop_source stop;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(milliseconds(100));
        stop.request_stop();
    });
    const auto before = steady_clock::now();
    EXPECT_FALSE(Connection::open(options, before + seconds(20), stop.get_token()).has_value());
    EXPECT_LT(steady_clock::now() - before, milliseconds(700));
}

}  // namespace
}  // namespace bascule::test
