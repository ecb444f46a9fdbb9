#include "directory/mirror/load_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace bascule::mirror {
namespace {

LoadThread::Arrival arrival(const std::string& dn, std::size_t members = 0) {
    LoadThread::Arrival out;
    out.entry.dn = dn;
    const std::vector<std::string> names(members, "cn=a,dc=example,dc=com");
    out.mapped.references.add(
        directory::EdgeKind::member, directory::AttributeValues(names), false
    );
    return out;
}

TEST(LoadThread, KeepsTheOrder) {
    std::vector<std::string> seen;
    LoadThread thread([&](const LoadThread::Arrival& one) -> Status {
        seen.push_back(one.entry.dn);
        return {};
    });
    std::vector<std::string> sent;
    for (int number = 0; number < 5000; ++number) {
        sent.push_back(std::to_string(number));
        ASSERT_TRUE(thread.add(arrival(sent.back(), number % 1000 == 0 ? 100'000 : 0)));
    }
    ASSERT_TRUE(thread.drain());
    EXPECT_EQ(seen, sent);
}

TEST(LoadThread, GoesOnAfterItWasDrained) {
    std::atomic<int> seen = 0;
    LoadThread thread([&](const LoadThread::Arrival&) -> Status {
        ++seen;
        return {};
    });
    for (int turn = 1; turn <= 3; ++turn) {
        ASSERT_TRUE(thread.add(arrival("x")));
        ASSERT_TRUE(thread.drain());
        EXPECT_EQ(seen, turn);
    }
}

TEST(LoadThread, TellsWhatFailedAndDoesNothingMore) {
    std::atomic<int> seen = 0;
    LoadThread thread([&](const LoadThread::Arrival&) -> Status {
        ++seen;
        return fail(ErrorKind::unavailable, "store_full", "The disk is full.");
    });
    ASSERT_TRUE(thread.add(arrival("first")));
    const Status failed = thread.drain();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, "store_full");
    // Whoever brings more than may wait is told, however many that is.
    Status added;
    for (int number = 0; added && number < 100'000; ++number)
        added = thread.add(arrival("more"));
    EXPECT_FALSE(added);
    EXPECT_EQ(seen, 1);
}

TEST(LoadThread, LetsGoOfWhatWaits) {
    std::atomic<bool> go = false;
    std::atomic<int> seen = 0;
    {
        LoadThread thread([&](const LoadThread::Arrival&) -> Status {
            go.wait(false);
            ++seen;
            return {};
        });
        ASSERT_TRUE(thread.add(arrival("large", 5000)));
        ASSERT_TRUE(thread.add(arrival("other", 1)));
        go = true;
        go.notify_all();
    }
    EXPECT_LE(seen, 1);
}

}  // namespace
}  // namespace bascule::mirror
