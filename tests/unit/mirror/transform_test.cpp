#include "connectors/ldap/mapping/transform.hpp"

#include <gtest/gtest.h>

namespace bascule::ldap {
namespace {

std::string changed(const char* name, std::string_view value) {
    const auto transform = find_transform(name);
    EXPECT_TRUE(transform) << name;
    return apply_transform(*transform, value).value_or("(nothing)");
}

TEST(Transform, ChangesValues) {
    EXPECT_EQ(changed("lower", "JÜRGEN"), "jürgen");
    EXPECT_EQ(changed("upper", "abc1"), "ABC1");
    EXPECT_EQ(changed("trim", "  a   b "), "a b");
    EXPECT_EQ(changed("first_word", " Anna Maria Roth "), "Anna");
    EXPECT_EQ(changed("last_word", " Anna Maria Roth "), "Roth");
    EXPECT_EQ(changed("local_part", "a@b@example.com"), "a@b");
    EXPECT_EQ(changed("domain_part", "anna@example.com"), "example.com");
    EXPECT_EQ(changed("domain_part", "anna"), "(nothing)");
    EXPECT_EQ(changed("rdn_value", "cn=Sales\\, EMEA\\20x,ou=Groups"), "Sales, EMEA x");
    EXPECT_EQ(changed("digits", "a1b2"), "12");
}

TEST(Transform, CleansTelephoneNumbers) {
    EXPECT_EQ(changed("phone", "+49 (0)69 123-456"), "+4969123456");
    EXPECT_EQ(changed("phone", "0049 69 123 456"), "+4969123456");
    EXPECT_EQ(changed("phone", "069/123456"), "069123456");
    EXPECT_EQ(changed("phone", "+1 202 555 0100 x12"), "+12025550100");
    EXPECT_EQ(changed("phone", "none"), "(nothing)");
}

TEST(Transform, ReadsBooleansAndTimes) {
    EXPECT_EQ(changed("boolean", "TRUE"), "true");
    EXPECT_EQ(changed("boolean", "0"), "false");
    EXPECT_EQ(changed("not", "yes"), "false");
    EXPECT_EQ(changed("boolean", "maybe"), "(nothing)");
    EXPECT_EQ(changed("generalized_time", "20261122003659Z"), "2026-11-22T00:36:59.000Z");
    EXPECT_EQ(changed("generalized_time", "yesterday"), "(nothing)");
}

TEST(Transform, EncodesBytes) {
    EXPECT_EQ(changed("base64", std::string_view("\x00\xff\x10\x80", 4)), "AP8QgA==");
    EXPECT_EQ(changed("base64", "abc"), "YWJj");
}

TEST(Transform, UnknownNameGetsNearest) {
    const auto transform = find_transform("lowr");
    ASSERT_FALSE(transform);
    EXPECT_EQ(transform.error().code, "unknown_transform");
    EXPECT_NE(transform.error().detail.find("'lower'"), std::string::npos);
}

}  // namespace
}  // namespace bascule::ldap
