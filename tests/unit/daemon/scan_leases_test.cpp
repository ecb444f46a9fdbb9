#include "daemon/scan_leases.hpp"

#include <gtest/gtest.h>

#include <future>

namespace bascule::daemon {
namespace {

using namespace std::chrono_literals;

/// Somebody else who wants to read, on a thread of his own.
class Other {
  public:
    Other(ScanLeases& leases, std::vector<std::string> servers)
        : thread_([this, &leases, servers = std::move(servers)](const std::stop_token& stop) {
              auto lease = leases.acquire(servers, stop, [this] { waits_.set_value(); });
              has_.set_value(lease != nullptr);
              done_.get_future().wait();
          }) {}
    ~Other() { release(); }
    void wait_until_he_waits() { waits_.get_future().wait(); }
    void stop() { thread_.request_stop(); }
    bool has() { return has_future_.get(); }
    void release() {
        if (!std::exchange(released_, true))
            done_.set_value();
    }

  private:
    std::promise<void> waits_;
    std::promise<bool> has_;
    std::future<bool> has_future_ = has_.get_future();
    std::promise<void> done_;
    bool released_ = false;
    std::jthread thread_;
};

TEST(ScanLeases, OneReadingAtATimeAtAServer) {
    ScanLeases leases;
    auto lease = leases.acquire({"ldap://a", "ldap://b"}, {}, [] { FAIL(); });
    ASSERT_TRUE(lease);
    Other elsewhere(leases, {"ldap://c"});
    EXPECT_TRUE(elsewhere.has());
    Other same(leases, {"ldap://d", "ldap://b"});
    same.wait_until_he_waits();
    lease.reset();
    EXPECT_TRUE(same.has());
}

TEST(ScanLeases, WaitingEndsWhenItIsToStop) {
    ScanLeases leases;
    const auto lease = leases.acquire({"ldap://a"}, {}, [] { FAIL(); });
    Other same(leases, {"ldap://a"});
    same.wait_until_he_waits();
    same.stop();
    EXPECT_FALSE(same.has());
}

TEST(ScanLeases, WhoReadsDoesNotWaitForHimself) {
    ScanLeases leases;
    auto lease = leases.acquire({"ldap://a"}, {}, [] { FAIL(); });
    auto again = leases.acquire({"ldap://a"}, {}, [] { FAIL(); });
    ASSERT_TRUE(again);
    again.reset();
    Other same(leases, {"ldap://a"});
    same.wait_until_he_waits();
    lease.reset();
    EXPECT_TRUE(same.has());
}

}  // namespace
}  // namespace bascule::daemon
