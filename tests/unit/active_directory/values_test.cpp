#include "connectors/ldap/dialects/active_directory/values.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "connectors/ldap/dialects/active_directory/value_ranges.hpp"

namespace bascule::ldap {
namespace {

using namespace std::string_view_literals;

TEST(DomainValues, TheFirstThreeFieldsOfAGuidAreTurnedRound) {
    constexpr std::string_view wire =
        "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"sv;
    const auto guid = guid_from_wire(wire);
    ASSERT_TRUE(guid);
    EXPECT_EQ(guid->to_string(), "00112233-4455-6677-8899-aabbccddeeff");
    EXPECT_EQ(guid_to_wire(*guid), wire);
    EXPECT_EQ(guid_name(*guid), "<GUID=00112233-4455-6677-8899-aabbccddeeff>");
    EXPECT_FALSE(guid_from_wire("short"));
}

TEST(DomainValues, ASidIsCountedAndLittleEndianInItsParts) {
    constexpr std::string_view wire =
        "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00"
        "\x00\x80\x01\x02\x00\x00"sv;
    EXPECT_EQ(sid_text(wire), "S-1-5-21-1-2-2147483651-513");
    EXPECT_EQ(relative_id("S-1-5-21-1-2-2147483651-513"), 513U);
    EXPECT_EQ(sid_text(wire.substr(0, 20)), std::nullopt);
    EXPECT_EQ(sid_text(""), std::nullopt);
    EXPECT_EQ(relative_id("nothing"), std::nullopt);
    EXPECT_EQ(relative_id("S-1-5-x"), std::nullopt);
}

TEST(DomainValues, TicksCountFromTheYear1601) {
    EXPECT_EQ(format_time(*time_from_ticks(133'800'000'000'000'000)), "2024-12-30T02:40:00.000Z");
    // Never too early: rounded up.
    EXPECT_EQ(format_time(*time_from_ticks(133'800'000'000'000'001)), "2024-12-30T02:40:00.001Z");
    EXPECT_EQ(time_from_ticks(0), std::nullopt);
    EXPECT_EQ(time_from_ticks(std::numeric_limits<std::int64_t>::max()), std::nullopt);
    EXPECT_EQ(ticks_from_time(*time_from_ticks(133'800'000'000'000'000)), 133'800'000'000'000'000);
    EXPECT_EQ(duration_from_ticks(-18'000'000'000), std::chrono::minutes(30));
    EXPECT_EQ(duration_from_ticks(0), std::nullopt);
    EXPECT_EQ(duration_from_ticks(std::numeric_limits<std::int64_t>::min()), std::nullopt);
}

TEST(DomainValues, RangesAreReadOffTheName) {
    const auto part = parse_value_range("member;range=0-1499");
    ASSERT_TRUE(part);
    EXPECT_EQ(part->attribute, "member");
    EXPECT_EQ(part->first, 0U);
    EXPECT_EQ(part->last, 1499U);
    const auto end = parse_value_range("Member;Range=1500-*");
    ASSERT_TRUE(end);
    EXPECT_EQ(end->first, 1500U);
    EXPECT_EQ(end->last, std::nullopt);
    EXPECT_FALSE(parse_value_range("member"));
    EXPECT_FALSE(parse_value_range("member;range="));
    EXPECT_FALSE(parse_value_range("member;range=a-b"));
    EXPECT_FALSE(parse_value_range("member;range=1"));
    EXPECT_EQ(value_range_name("member", 1500, 1500), "member;range=1500-2999");
}

}  // namespace
}  // namespace bascule::ldap
