#include "directory/base/uuid.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace bascule {
namespace {

TEST(UuidText, RoundTripsInLowerCase) {
    const auto id = parse_uuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->to_string(), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    EXPECT_EQ(uuid_from_bytes(id->raw()), *id);
    EXPECT_FALSE(id->is_nil());
    EXPECT_TRUE(Uuid{}.is_nil());
}

TEST(UuidText, RefusesOtherForms) {
    for (const char* text :
         {"", "6ba7b8109dad11d180b400c04fd430c8", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
          "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b810+9dad-11d1-80b4-00c04fd430c8",
          "6ba7b810-9dad-11d1-80b4-00c04fd430c8 "}) {
        const auto id = parse_uuid(text);
        ASSERT_FALSE(id) << text;
        EXPECT_EQ(id.error().code, "invalid_uuid");
    }
    EXPECT_FALSE(uuid_from_bytes("short"));
}

TEST(UuidVersion5, MatchesThePublishedExample) {
    const auto dns = parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    EXPECT_EQ(uuid_v5(*dns, "www.example.com").to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(UuidVersion7, CarriesTheTimeAndNeverRepeats) {
    const Time now = *parse_time("2026-11-22T00:36:59.123Z");
    std::set<Uuid> seen;
    for (int i = 0; i < 1000; ++i) {
        const Uuid id = uuid_v7(now);
        EXPECT_EQ(id.to_string()[14], '7');
        EXPECT_NE(std::string("89ab").find(id.to_string()[19]), std::string::npos);
        EXPECT_TRUE(seen.insert(id).second);
    }
    EXPECT_LT(*seen.rbegin(), uuid_v7(now + std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace bascule
