#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <optional>
#include <string>
#include <tuple>

#include "daemon/drift_auditor.hpp"
#include "directory/base/time.hpp"

namespace bascule::daemon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr int half_past_two = 150;

/// At a place an hour (in summer two) ahead of UTC. In 2026 its clock goes from 2 to 3 on 29 March
/// and from 3 back to 2 on 25 October, both at 01:00 UTC.
class AuditTimes : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const char* zone = ::getenv("TZ")) {
            zone_before_ = zone;
        }
        ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        ::tzset();
    }
    void TearDown() override {
        if (zone_before_) {
            ::setenv("TZ", zone_before_->c_str(), 1);
        } else {
            ::unsetenv("TZ");
        }
        ::tzset();
    }

  private:
    std::optional<std::string> zone_before_;
};

Time at(const std::string& text) {
    return parse_time(text).value();
}

std::string next(const AuditSchedule& schedule, const std::string& now) {
    const std::optional<Time> time = schedule.next_after(at(now));
    return time ? format_time(*time).substr(0, 16) : "never";
}

TEST_F(AuditTimes, TimeOfDayIsTheNextOneOfTheLocalClock) {
    const AuditSchedule nightly{half_past_two};
    EXPECT_EQ(next(nightly, "2026-06-10T00:29:59Z"), "2026-06-10T00:30") << "still to come today";
    EXPECT_EQ(next(nightly, "2026-06-10T00:30:00Z"), "2026-06-11T00:30") << "never the same again";
    EXPECT_EQ(next(nightly, "2026-06-10T20:00:00Z"), "2026-06-11T00:30");
    EXPECT_EQ(next(nightly, "2026-01-10T00:45:00Z"), "2026-01-10T01:30") << "in winter";
    EXPECT_EQ(next(nightly, "2026-12-31T12:00:00Z"), "2027-01-01T01:30") << "over the new year";
    EXPECT_EQ(next(nightly, "2028-02-28T12:00:00Z"), "2028-02-29T01:30");
    EXPECT_EQ(next({0}, "2026-06-10T12:00:00Z"), "2026-06-10T22:00") << "midnight";
}

TEST_F(AuditTimes, EveryNightHasOneEvenWhereTheClockIsChanged) {
    const AuditSchedule nightly{half_past_two};
    for (const auto& [first, last] :
         {std::tuple("2026-03-26T12:00:00Z", "2026-04-02T12:00:00Z"),
          std::tuple("2026-10-22T12:00:00Z", "2026-10-29T12:00:00Z")}) {
        for (Time now = at(first); now < at(last); now += minutes(7)) {
            const Time chosen = nightly.next_after(now).value();
            EXPECT_GT(chosen, now) << format_time(now);
            EXPECT_LE(chosen - now, hours(25)) << format_time(now);
        }
        int nights = 0;
        for (Time now = at(first); now < at(last); now = nightly.next_after(now).value()) {
            ++nights;
        }
        EXPECT_EQ(nights, 8) << "seven nights after " << first;
    }
}

TEST_F(AuditTimes, IntervalCountsFromNow) {
    const AuditSchedule often{std::nullopt, hours(6)};
    EXPECT_EQ(next(often, "2026-06-10T01:02:00Z"), "2026-06-10T07:02");
    EXPECT_EQ(next(often, "2026-03-29T00:00:00Z"), "2026-03-29T06:00") << "hours, not the clock's";
}

TEST_F(AuditTimes, OfATimeOfDayAndAnIntervalTheEarlierOneCounts) {
    const AuditSchedule both{half_past_two, hours(6)};
    EXPECT_EQ(next(both, "2026-06-10T12:00:00Z"), "2026-06-10T18:00");
    EXPECT_EQ(next(both, "2026-06-10T20:00:00Z"), "2026-06-11T00:30");
}

TEST_F(AuditTimes, WithoutEitherThereIsNone) {
    EXPECT_EQ(next({}, "2026-06-10T12:00:00Z"), "never");
}

TEST(AuditTimeOfDay, IsFourDigitsThatAClockShows) {
    EXPECT_EQ(parse_time_of_day("02:30"), half_past_two);
    EXPECT_EQ(parse_time_of_day("00:00"), 0);
    EXPECT_EQ(parse_time_of_day("23:59"), 1439);
    for (const char* text : {"", "2:30", "02.30", "24:00", "12:60", "02:30:00", "ab:cd", "-1:30"}) {
        EXPECT_FALSE(parse_time_of_day(text)) << text;
    }
}

}  // namespace
}  // namespace bascule::daemon
