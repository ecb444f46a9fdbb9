#include "directory/mirror/removal_guard.hpp"

#include <gtest/gtest.h>

namespace bascule::mirror {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Time start{std::chrono::milliseconds(1'790'000'000'000)};

TEST(RemovalGuard, SmallDirectoriesMayLoseAFixedNumber) {
    const RemovalGuard guard{{}};
    EXPECT_TRUE(guard.allows_refresh(25, 1000));
    EXPECT_FALSE(guard.allows_refresh(26, 1000));
    EXPECT_TRUE(guard.allows_refresh(0, 0));
}

TEST(RemovalGuard, LargeDirectoriesMayLoseAShare) {
    const RemovalGuard guard{{}};
    EXPECT_TRUE(guard.allows_refresh(1000, 100'000));
    EXPECT_FALSE(guard.allows_refresh(1001, 100'000));
    EXPECT_TRUE(guard.allows_refresh(50, 5000));
    EXPECT_FALSE(guard.allows_refresh(51, 5000));
}

TEST(RemovalGuard, EmptyingIsNeverSmall) {
    const RemovalGuard guard{{}};
    EXPECT_TRUE(guard.allows_refresh(5, 10));
    EXPECT_FALSE(guard.allows_refresh(6, 10));
    EXPECT_FALSE(guard.allows_refresh(2, 2));
    EXPECT_TRUE(guard.allows_refresh(1, 1));
    EXPECT_TRUE(guard.allows_refresh(8, 9));
}

TEST(RemovalGuard, LiveDeletesAreCountedOverBothWindows) {
    RemovalGuard guard{{}};
    for (int count = 0; count < 20; ++count)
        guard.record(1, start);
    EXPECT_TRUE(guard.allows_live(5, 980, start));
    EXPECT_FALSE(guard.allows_live(6, 980, start));
    EXPECT_FALSE(guard.allows_live(6, 980, start + minutes(11)));
    EXPECT_FALSE(guard.allows_live(6, 980, start + hours(24)));
    EXPECT_TRUE(guard.allows_live(6, 980, start + hours(24) + minutes(1)));
}

TEST(RemovalGuard, ForgottenDeletesDoNotCountAgain) {
    RemovalGuard guard{{}};
    guard.record(25, start);
    guard.record(1, start + hours(25));
    EXPECT_TRUE(guard.allows_live(24, 900, start + hours(25)));
    EXPECT_FALSE(guard.allows_live(25, 900, start + hours(25)));
}

TEST(RemovalGuard, OnlyLargeGroupsAreGuarded) {
    const RemovalGuard guard{{}};
    EXPECT_TRUE(guard.allows_membership(20, 20));
    EXPECT_TRUE(guard.allows_membership(11, 22));
    EXPECT_FALSE(guard.allows_membership(12, 22));
}

TEST(RemovalGuard, AttributeMayBeLostByAFewOrASmallShare) {
    const RemovalGuard guard{{}};
    EXPECT_TRUE(guard.allows_attribute_loss(5, 5));
    EXPECT_FALSE(guard.allows_attribute_loss(6, 100));
    EXPECT_TRUE(guard.allows_attribute_loss(50, 1000));
    EXPECT_FALSE(guard.allows_attribute_loss(51, 1000));
}

}  // namespace
}  // namespace bascule::mirror
