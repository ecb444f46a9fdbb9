#include "connectors/ldap/dn.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace bascule::ldap {
namespace {

std::string key(std::string_view dn) {
    const auto result = dn_key(dn);
    return result ? *result : "error: " + result.error().code;
}

TEST(DnKey, RunsFromTheRootDown) {
    EXPECT_EQ(
        key("uid=jdoe,ou=People,dc=Example,dc=COM"),
        "dc=com\x01"
        "dc=example\x01"
        "ou=people\x01uid=jdoe\x01"
    );
    EXPECT_EQ(key(""), "");
}

TEST(DnKey, DescendantStartsWithItsAncestor) {
    EXPECT_TRUE(is_at_or_below(key("cn=a,ou=b,dc=c"), key("OU=B, DC=C")));
    EXPECT_TRUE(is_at_or_below(key("ou=b,dc=c"), key("ou=b,dc=c")));
    EXPECT_FALSE(is_at_or_below(key("cn=a,ou=bb,dc=c"), key("ou=b,dc=c")));
    EXPECT_TRUE(is_at_or_below(key("cn=a,dc=c"), key("")));
}

TEST(DnKey, SpellingDoesNotMatter) {
    const auto expected = key("cn=Doe\\, John,ou=a b,dc=c");
    for (const auto* same : {
             "CN=doe\\2c JOHN,OU=A  B,DC=C",
             "cn = Doe\\, John , ou = a b , dc = c",
             "2.5.4.3=Doe\\, John,ou=a b,dc=c",
             "commonName=Doe\\,  John,organizationalUnitName=a b,domainComponent=c",
             "cn=\\20Doe\\, John\\20,ou=a b,dc=c",
             "cn=\"Doe, John\",ou=a b,dc=c",
             "cn=#0409446f652c204a6f686e,ou=a b,dc=c",
         }) {
        EXPECT_EQ(key(same), expected) << same;
    }
}

TEST(DnKey, PartsOfAnRdnAreSorted) {
    EXPECT_EQ(key("cn=b+uid=a,dc=c"), key("UID=A+CN=B,dc=c"));
    EXPECT_NE(key("cn=b+uid=a,dc=c"), key("cn=b\\+uid\\=a,dc=c"));
}

TEST(DnKey, UnicodeIsFolded) {
    EXPECT_EQ(key("cn=M\xc3\x9cLLER,dc=c"), key("cn=m\xc3\xbcller,dc=c"));
    EXPECT_EQ(key("cn=m\\c3\\bcller,dc=c"), key("cn=M\xc3\x9cLLER,dc=c"));
    EXPECT_EQ(key("cn=u\xcc\x88,dc=c"), key("cn=\xc3\xbc,dc=c"));
    EXPECT_EQ(key("cn=U\xcc\x88,dc=c"), key("cn=\xc3\xbc,dc=c"));
    EXPECT_EQ(key("cn=\xef\xac\x81x,dc=c"), key("cn=FIX,dc=c"));
}

TEST(DnKey, NamesThatServersTellApartStayApart) {
    EXPECT_NE(key("cn=wei\xc3\x9f,dc=c"), key("cn=weiss,dc=c"));
    EXPECT_NE(key("cn=zero\xe2\x80\x8bwidth,dc=c"), key("cn=zerowidth,dc=c"));
    EXPECT_NE(key("cn=\xc4\xb1,dc=c"), key("cn=i,dc=c"));
}

TEST(DnKey, SeparatorBytesInsideAValueStayApart) {
    EXPECT_NE(key("cn=a\\01b,dc=c"), key("cn=b,cn=a,dc=c"));
    EXPECT_FALSE(is_at_or_below(key("cn=a\\01b,dc=c"), key("cn=a,dc=c")));
    EXPECT_NE(key("cn=a\\00b,dc=c"), key("cn=ab,dc=c"));
}

TEST(DnKey, EverySpecialCharacterSurvivesEscaping) {
    for (int byte = 1; byte < 128; ++byte) {
        const std::string value = std::string("x") + static_cast<char>(byte) + "y";
        const auto plain = key(fmt::format("cn={},dc=c", escape_dn_value(value)));
        const auto hex = key(fmt::format("cn=x\\{:02x}y,dc=c", byte));
        EXPECT_EQ(plain, hex) << byte;
    }
    EXPECT_EQ(escape_dn_value(" #a,b "), "\\ #a\\,b\\ ");
    EXPECT_EQ(escape_dn_value("#a"), "\\#a");
    EXPECT_EQ(escape_dn_value(std::string_view("a\0b", 3)), "a\\00b");
}

TEST(DnKey, WhatIsNoNameIsRefused) {
    for (const auto* bad : {"jdoe", "cn=a,,dc=c", "=a", "cn=a\\", "cn=a\\g1", ",", "cn=a,"}) {
        EXPECT_EQ(key(bad), "error: invalid_dn") << bad;
    }
    EXPECT_EQ(dn_key(std::string_view("cn=a\0b", 6)).error().code, "invalid_dn");
}

TEST(DnKey, NamesThatCannotBeParsedGetAKeyOfTheirOwn) {
    EXPECT_EQ(dn_key_or_raw("cn=a,dc=c"), key("cn=a,dc=c"));
    EXPECT_EQ(dn_key_or_raw("No Name"), dn_key_or_raw("no name"));
    EXPECT_NE(dn_key_or_raw("no name"), dn_key_or_raw("no other"));
}

/// A random name as (type, value) pairs, spelt in two random ways that mean the same.
class SpeltTwice {
  public:
    explicit SpeltTwice(unsigned seed) : random_(seed) {
        const auto rdns = 1 + random_() % 4;
        for (std::size_t i = 0; i < rdns; ++i) {
            const auto type = types[random_() % types.size()];
            const auto value = random_value();
            for (auto* spelling : {&first, &second}) {
                *spelling +=
                    (spelling->empty() ? "" : ",") + random_case(type) + "=" + spell(value);
            }
        }
    }
    std::string first;
    std::string second;

  private:
    static inline const std::vector<std::string> types{"cn", "ou", "dc", "uid", "x-own"};

    std::string random_value() {
        static const std::vector<std::string> pieces{
            "a", "Z", "9", ",",        "+",        "\"",   "\\",   "<",    ">",  ";",
            "=", "#", " ", "\xc3\x9f", "\xc4\xb0", "\x01", "\x02", "\x03", "\n", "\xe2\x82\xac"};
        std::string value = "v";
        for (auto left = random_() % 8; left > 0; --left) {
            value += pieces[random_() % pieces.size()];
        }
        return value + "w";
    }
    std::string random_case(const std::string& text) {
        std::string out;
        for (const char c : text) {
            out += random_() % 2 == 0 ? static_cast<char>(std::toupper(c)) : c;
        }
        return out;
    }
    std::string spell(const std::string& value) {
        if (random_() % 3 == 0) {
            return escape_dn_value(value);
        }
        std::string out;
        for (const char c : value) {
            const auto byte = static_cast<unsigned char>(c);
            if (random_() % 2 == 0) {
                out += random_() % 2 == 0 ? fmt::format("\\{:02x}", byte)
                                          : fmt::format("\\{:02X}", byte);
            } else if (c == ' ') {
                out += random_() % 2 == 0 ? " " : "   ";
            } else {
                out += c == '#' ? "\\#" : escape_dn_value(std::string(1, c));
            }
        }
        return out;
    }
    std::mt19937 random_;
};

TEST(DnKey, EverySpellingOfANameHasTheSameKey) {
    for (unsigned seed = 0; seed < 5000; ++seed) {
        const SpeltTwice name(seed);
        ASSERT_TRUE(dn_key(name.first).has_value()) << name.first;
        ASSERT_EQ(key(name.first), key(name.second)) << name.first << "\n" << name.second;
    }
}

TEST(DnKey, BrokenUtf8IsNoNameAndIsEscapedInValues) {
    EXPECT_FALSE(dn_key("uid=jdoe\xff,ou=x"));
    EXPECT_EQ(escape_dn_value("a\xff"), "a\\FF");
    EXPECT_TRUE(dn_key("cn=" + escape_dn_value("a\xff")));
    EXPECT_EQ(escape_dn_value("Ä"), "Ä");
}

}  // namespace
}  // namespace bascule::ldap
