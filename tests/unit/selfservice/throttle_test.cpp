#include "selfservice/signins/throttle.hpp"

#include <gtest/gtest.h>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::selfservice {
namespace {

using std::chrono::seconds;
using test::code_of;

struct Guessing : testing::Test {
    test::SteppingClock clock;
    SignInThrottle throttle{
        clock, {.failures_per_account = 5, .failures_per_address = 6, .window = seconds{900}}};

    /// Tries as soon as it is allowed, at most `attempts` times within `within`; returns how many
    /// got through.
    int storm(int attempts, std::size_t limit, seconds within) {
        int admitted = 0;
        for (seconds passed{0}; passed < within && attempts > 0; passed += seconds{1}) {
            if (throttle.admit("ann", "192.0.2.1", limit)) {
                ++admitted;
                --attempts;
            }
            clock.advance(seconds{1});
        }
        return admitted;
    }
};

TEST_F(Guessing, NeverReachesTheDirectorysThreshold) {
    // A directory that locks at five: three get through in any window.
    EXPECT_EQ(storm(1000, 3, seconds{890}), 3);
}

TEST_F(Guessing, GoesOnWhenTheWindowHasPassed) {
    EXPECT_EQ(storm(1000, 3, seconds{890}), 3);
    clock.advance(seconds{900});
    EXPECT_EQ(code_of(throttle.admit("ann", "192.0.2.1", 3)), "ok");
}

TEST_F(Guessing, WaitsLongerAfterEveryFailure) {
    EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 5));
    EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 5));
    const Status third = throttle.admit("ann", "192.0.2.1", 5);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, "too_many_attempts");
    EXPECT_EQ(third.error().retry_after, seconds{1});
    clock.advance(seconds{1});
    EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 5));
    EXPECT_EQ(throttle.admit("ann", "192.0.2.1", 5).error().retry_after, seconds{2});
}

TEST_F(Guessing, IsCountedWithoutCaseAndForUnknownNames) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(throttle.admit(i % 2 == 0 ? "Ann" : "aNN", "192.0.2.1", 3));
        clock.advance(seconds{5});
    }
    EXPECT_EQ(code_of(throttle.admit("ANN", "192.0.2.9", 3)), "too_many_attempts");
}

TEST_F(Guessing, IsCountedByAddressOverManyAccounts) {
    for (int i = 0; i < 6; ++i) {
        EXPECT_TRUE(throttle.admit("user" + std::to_string(i), "192.0.2.1", 3));
    }
    EXPECT_EQ(code_of(throttle.admit("user6", "192.0.2.1", 3)), "too_many_attempts");
    EXPECT_EQ(code_of(throttle.admit("user6", "192.0.2.2", 3)), "ok");
}

TEST_F(Guessing, TreatsANetworkOfSixtyFourBitsAsOneAddress) {
    for (int i = 0; i < 6; ++i) {
        EXPECT_TRUE(throttle.admit("user" + std::to_string(i), "2001:db8::" + std::to_string(i), 3)
        );
    }
    EXPECT_EQ(code_of(throttle.admit("user6", "2001:db8::ffff", 3)), "too_many_attempts");
    EXPECT_EQ(code_of(throttle.admit("user6", "2001:db8:0:1::1", 3)), "ok");
}

TEST_F(Guessing, IsForgottenAfterASuccess) {
    EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 3));
    EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 3));
    throttle.succeeded("ann", "192.0.2.1");
    EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 3));
    EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 3));
}

TEST_F(Guessing, IsRememberedWhenTheLimitsChange) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 5));
        clock.advance(seconds{10});
    }
    throttle.set_limits(
        {.failures_per_account = 3, .failures_per_address = 6, .window = seconds{900}}
    );
    EXPECT_EQ(code_of(throttle.admit("ann", "192.0.2.1", 5)), "too_many_attempts");
    throttle.set_limits(
        {.failures_per_account = 4, .failures_per_address = 6, .window = seconds{900}}
    );
    EXPECT_EQ(code_of(throttle.admit("ann", "192.0.2.1", 5)), "ok");
}

TEST_F(Guessing, DoesNotCountWhatTheDirectoryDidNotAnswer) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(throttle.admit("ann", "192.0.2.1", 3));
        throttle.withdraw("ann", "192.0.2.1");
    }
}

}  // namespace
}  // namespace bascule::selfservice
