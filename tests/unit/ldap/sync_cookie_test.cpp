#include "connectors/ldap/sync_cookie.hpp"

#include <gtest/gtest.h>

namespace bascule::ldap {
namespace {

constexpr std::string_view old_a = "20260101000000.000000Z#000000#00a#000000";
constexpr std::string_view new_a = "20260202000000.000000Z#000000#00a#000000";
constexpr std::string_view later_a = "20260202000000.000000Z#000001#00a#000000";
constexpr std::string_view only_b = "20250303000000.000000Z#000000#00b#000000";

std::string cookie(std::string_view stamps, std::string_view more = "") {
    return "rid=007,csn=" + std::string(stamps) + std::string(more);
}

SyncCookie parsed(const std::string& text) {
    return SyncCookie::parse(text).value();
}

TEST(SyncCookie, OneStampOfOneServerDoesNotForgetTheOthers) {
    auto whole = parsed(cookie(std::string(old_a) + ";" + std::string(only_b)));
    EXPECT_TRUE(whole.merge(parsed(cookie(new_a))));
    EXPECT_EQ(whole.to_string(7), "rid=007,csn=" + std::string(new_a) + ";" + std::string(only_b));
}

TEST(SyncCookie, OlderStampsDoNotTurnTimeBack) {
    auto whole = parsed(cookie(new_a));
    EXPECT_FALSE(whole.merge(parsed(cookie(old_a))));
    EXPECT_FALSE(whole.merge(parsed(cookie(new_a))));
    EXPECT_TRUE(whole.merge(parsed(cookie(later_a))));
    EXPECT_EQ(whole.to_string(0), "rid=000,csn=" + std::string(later_a));
}

TEST(SyncCookie, ServerIdAndDeleteStampAreDropped) {
    const auto text =
        "rid=007,sid=001,csn=" + std::string(new_a) + ",delcsn=" + std::string(later_a);
    EXPECT_EQ(parsed(text).to_string(7), cookie(new_a));
}

TEST(SyncCookie, EmptyAndMalformedOnesAreRefused) {
    for (const auto& bad :
         {std::string(), std::string("garbage"), std::string("rid=007"),
          std::string("rid=007,csn="), "csn=" + std::string(new_a),
          "rid=x,csn=" + std::string(new_a), cookie("20260101"), cookie(new_a, ";x"),
          cookie("20260101000000.000000Z#00000g#00a#000000")}) {
        const auto result = SyncCookie::parse(bad);
        ASSERT_FALSE(result.has_value()) << bad;
        EXPECT_EQ(result.error().code, "invalid_cookie");
    }
}

TEST(SyncCookie, KnowsWhenTheProviderIsAhead) {
    const auto own = parsed(cookie(new_a));
    EXPECT_FALSE(own.is_behind(parsed(cookie(old_a))));
    EXPECT_FALSE(own.is_behind(own));
    EXPECT_TRUE(own.is_behind(parsed(cookie(later_a))));
    EXPECT_TRUE(own.is_behind(parsed(cookie(only_b))));
    EXPECT_FALSE(own.is_behind(SyncCookie()));
}

TEST(SyncCookie, MergeIsIndependentOfOrderAndStableInText) {
    auto left = parsed(cookie(old_a));
    left.merge(parsed(cookie(only_b)));
    left.merge(parsed(cookie(later_a)));
    auto right = parsed(cookie(later_a));
    right.merge(parsed(cookie(old_a)));
    right.merge(parsed(cookie(only_b)));
    EXPECT_EQ(left.to_string(1), right.to_string(1));
    EXPECT_EQ(parsed(left.to_string(1)).to_string(1), left.to_string(1));
}

TEST(NumberedCookie, KeepsThePlaceAndTheHighestNumber) {
    const std::string place = "host:389#cn=a#b,dc=c:dc=c:(objectClass=*)#";
    auto own = SyncCookie::parse_numbered(place + "9").value();
    EXPECT_EQ(own.number(), 9U);
    EXPECT_TRUE(own.merge(SyncCookie::parse_numbered(place + "10").value()));
    EXPECT_FALSE(own.merge(SyncCookie::parse_numbered(place + "8").value()));
    EXPECT_EQ(own.to_string(1), place + "10");
    EXPECT_EQ(own.to_stored_text(1), place + "10");
    EXPECT_FALSE(own.proven());
    own.set_proven(true);
    EXPECT_EQ(own.to_string(1), place + "10");
    EXPECT_TRUE(SyncCookie::parse_numbered(own.to_stored_text(1)).value().proven());
}

TEST(NumberedCookie, RemembersItsServer) {
    const std::string place = "host:389#cn=a b,dc=c:dc=c:(cn=@x y)#";
    auto own = SyncCookie::parse_numbered(place + "9").value();
    EXPECT_EQ(own.server(), "");
    own.set_server("ldaps://host:636");
    EXPECT_EQ(own.to_string(1), place + "9");
    for (const bool proven : {false, true}) {
        own.set_proven(proven);
        const auto kept = SyncCookie::parse_numbered(own.to_stored_text(1)).value();
        EXPECT_EQ(kept.server(), "ldaps://host:636");
        EXPECT_EQ(kept.proven(), proven);
        EXPECT_EQ(kept.to_string(1), place + "9");
    }
}

TEST(NumberedCookie, NumbersThatAreNoneAreRefused) {
    for (const std::string bad :
         {"", "a#b", "a#b#", "a#b#x", "a#b#-1", "a#b#4294967295", "a#b#18446744073709551615",
          "rid=000,csn=20261122003659.123456Z#000000#000#00000x"}) {
        EXPECT_FALSE(SyncCookie::parse_numbered(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace bascule::ldap
