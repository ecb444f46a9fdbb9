#include "directory/base/time.hpp"

#include <gtest/gtest.h>

namespace bascule {
namespace {

std::string normal(std::string_view text) {
    const auto time = parse_time(text);
    return time ? format_time(*time) : time.error().code;
}

std::string normal_generalized(std::string_view text) {
    const auto time = parse_generalized_time(text);
    return time ? format_time(*time) : time.error().code;
}

TEST(Rfc3339Time, NormalisesZonesAndFractions) {
    EXPECT_EQ(normal("2026-11-22T00:36:59Z"), "2026-11-22T00:36:59.000Z");
    EXPECT_EQ(normal("2026-11-22t00:36:59.1z"), "2026-11-22T00:36:59.100Z");
    EXPECT_EQ(normal("2026-11-22T00:36:59.123456789Z"), "2026-11-22T00:36:59.123Z");
    EXPECT_EQ(normal("2026-11-22T01:36:59+01:00"), "2026-11-22T00:36:59.000Z");
    EXPECT_EQ(normal("2026-12-31T23:30:00-00:45"), "2027-01-01T00:15:00.000Z");
}

TEST(Rfc3339Time, KnowsTheCalendar) {
    EXPECT_EQ(normal("2028-02-29T00:00:00Z"), "2028-02-29T00:00:00.000Z");
    EXPECT_EQ(normal("2026-02-29T00:00:00Z"), "invalid_time");
    EXPECT_EQ(normal("2026-13-01T00:00:00Z"), "invalid_time");
    EXPECT_EQ(normal("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
    EXPECT_EQ(normal("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339Time, RefusesWhatIsNoInstant) {
    for (const char* text :
         {"", "2026-11-22", "2026-11-22T00:36:59", "2026-11-22 00:36:59Z", "2026-11-22T00:36Z",
          "2026-11-22T24:00:00Z", "2026-11-22T00:36:59.Z", "2026-11-22T00:36:59.1234567890Z",
          "2026-11-22T00:36:59+0100", "2026-11-22T00:36:59Zx", "26-11-22T00:36:59Z"}) {
        EXPECT_EQ(normal(text), "invalid_time") << text;
    }
}

TEST(GeneralizedTime, ReadsTheUtcForms) {
    EXPECT_EQ(normal_generalized("20261122003659Z"), "2026-11-22T00:36:59.000Z");
    EXPECT_EQ(normal_generalized("20261122003659.123456Z"), "2026-11-22T00:36:59.123Z");
    EXPECT_EQ(normal_generalized("20261122003659.0Z"), "2026-11-22T00:36:59.000Z");
    EXPECT_EQ(normal_generalized("202611220036Z"), "2026-11-22T00:36:00.000Z");
    EXPECT_EQ(normal_generalized("2026112200Z"), "2026-11-22T00:00:00.000Z");
}

TEST(GeneralizedTime, RefusesTheRest) {
    for (const char* text :
         {"", "20261122", "20261122003659", "20261322003659Z", "2026-11-22T00:36:59Z",
          "20261122003659.Z", "20261122003659+0100"}) {
        EXPECT_EQ(normal_generalized(text), "invalid_time") << text;
    }
}

}  // namespace
}  // namespace bascule
