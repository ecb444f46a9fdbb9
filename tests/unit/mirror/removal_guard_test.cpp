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

/// A group of a plausible size.
const Uuid group = uuid_v5(Uuid{}, "group");

TEST(RemovalGuard, LiveDeletesAreCountedOverADay) {
    RemovalGuard guard{{}};
    for (int count = 0; count < 20; ++count)
        guard.record(1, start);
    guard.commit(start);
    EXPECT_TRUE(guard.allows_live(5, 980, start));
    EXPECT_FALSE(guard.allows_live(6, 980, start));
    EXPECT_FALSE(guard.allows_live(6, 980, start + hours(24)));
    EXPECT_TRUE(guard.allows_live(6, 980, start + hours(24) + minutes(1)));
}

TEST(RemovalGuard, ForgottenDeletesDoNotCountAgain) {
    RemovalGuard guard{{}};
    guard.record(25, start);
    guard.commit(start);
    guard.record(1, start + hours(25));
    guard.commit(start + hours(25));
    EXPECT_TRUE(guard.allows_live(24, 900, start + hours(25)));
    EXPECT_FALSE(guard.allows_live(25, 900, start + hours(25)));
}

TEST(RemovalGuard, WhatIsRolledBackDoesNotCount) {
    RemovalGuard guard{{}};
    guard.record(25, start);
    EXPECT_FALSE(guard.allows_live(1, 900, start)) << "within the transaction it does";
    guard.roll_back();
    EXPECT_TRUE(guard.allows_live(25, 900, start));
}

TEST(RemovalGuard, OnlyLargeGroupsAreGuarded) {
    const RemovalGuard guard{{}};
    EXPECT_TRUE(guard.allows_leaving(group, 20, 20, start));
    EXPECT_TRUE(guard.allows_leaving(group, 11, 22, start));
    EXPECT_FALSE(guard.allows_leaving(group, 12, 22, start));
}

TEST(RemovalGuard, MembersWhoLeaveOneByOneAreCountedTogether) {
    RemovalGuard guard{{}};
    std::size_t size = 30;
    while (guard.allows_leaving(group, 1, size, start)) {
        guard.record_left(group, 1, start + minutes(30 - size));
        guard.commit(start);
        --size;
    }
    EXPECT_EQ(size, 15U);
    EXPECT_FALSE(guard.allows_leaving(group, 1, size, start + hours(23)));
    EXPECT_TRUE(guard.allows_leaving(group, 1, size, start + hours(25)));
    EXPECT_TRUE(guard.allows_leaving(uuid_v5(Uuid{}, "another"), 1, size, start));
}

TEST(RemovalGuard, MembersWhoJoinMakeUpForThoseWhoLeft) {
    RemovalGuard guard{{}};
    guard.record_joined(group, 100, start);
    for (int round = 0; round < 100; ++round) {
        ASSERT_TRUE(guard.allows_leaving(group, 10, 30, start)) << round;
        guard.record_left(group, 10, start);
        guard.record_joined(group, 10, start);
        guard.commit(start);
    }
    guard.record_left(group, 15, start);
    guard.commit(start);
    EXPECT_FALSE(guard.allows_leaving(group, 1, 15, start)) << "who joined before replaces nobody";
}

TEST(RemovalGuard, AttributeThatIsLostOneByOneIsCounted) {
    RemovalGuard guard{{}};
    std::size_t lost = 0;
    for (; guard.allows_live_loss("title", 1000, start); ++lost) {
        guard.record_loss("title", 1, start);
        guard.commit(start);
    }
    EXPECT_EQ(lost, 50U);
    EXPECT_TRUE(guard.allows_live_loss("phoneNumbers", 1000, start));
    EXPECT_TRUE(guard.allows_live_loss("title", 1000, start + hours(25)));
}

TEST(RemovalGuard, AttributeMayBeLostByAFewOfASmallDirectory) {
    RemovalGuard guard{{}};
    guard.record_loss("title", 24, start);
    EXPECT_TRUE(guard.allows_live_loss("title", 30, start));
    guard.record_loss("title", 1, start);
    EXPECT_FALSE(guard.allows_live_loss("title", 30, start));
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
