#include "config/values.hpp"

#include <gtest/gtest.h>

namespace bascule::config {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, HasOneCountAndOneUnit) {
    EXPECT_EQ(parse_duration("500ms"), Duration(500ms));
    EXPECT_EQ(parse_duration("30m"), Duration(30min));
    EXPECT_EQ(parse_duration("12h"), Duration(12h));
    EXPECT_EQ(parse_duration("2y"), Duration(2 * 365 * 24h));
    for (const char* text :
         {"", "30", "m", "1h30m", "-1s", "1.5h", "030m", "1 h", "1H", "101y",
          "99999999999999999999s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(DurationText, RoundTrips) {
    for (const char* text : {"1ms", "90s", "30m", "12h", "10d", "3w", "2y", "0s"}) {
        EXPECT_EQ(format_duration(*parse_duration(text)), text);
    }
    EXPECT_EQ(format_duration(*parse_duration("60s")), "1m");
}

TEST(SizeText, CountsBytesInBinaryUnits) {
    EXPECT_EQ(parse_size("1MiB"), 1048576u);
    EXPECT_EQ(parse_size("512"), 512u);
    EXPECT_EQ(parse_size("512B"), 512u);
    for (const char* text : {"", "1MB", "1mib", "010", "1.5MiB", "99999999999GiB"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
    EXPECT_EQ(format_size(1048576), "1MiB");
    EXPECT_EQ(format_size(1000), "1000B");
}

TEST(NumberText, RefusesLeadingZerosAndOtherBases) {
    EXPECT_EQ(parse_count("0"), 0u);
    EXPECT_EQ(parse_count("10"), 10u);
    for (const char* text :
         {"", "010", "00", "0x10", "+1", "-1", "1e3", "1_000", "18446744073709551616"}) {
        EXPECT_FALSE(parse_count(text)) << text;
    }
}

TEST(PercentText, GoesFromZeroToHundred) {
    EXPECT_EQ(parse_percent("0.5"), 0.5);
    EXPECT_EQ(parse_percent("100"), 100);
    for (const char* text : {"", "100.1", "101", "1O", ".5", "5.", "05", "1e1", "nan", "1.2.3"}) {
        EXPECT_FALSE(parse_percent(text)) << text;
    }
}

TEST(HostPortText, ReadsNamesAndBothFamilies) {
    EXPECT_EQ(parse_host_port("[::]:8443")->host, "::");
    EXPECT_EQ(parse_host_port("127.0.0.1:0")->port, 0);
    EXPECT_EQ(format_host_port(*parse_host_port("[::1]:80")), "[::1]:80");
    EXPECT_EQ(format_host_port(*parse_host_port("localhost:80")), "localhost:80");
    for (const char* text :
         {"", "8443", ":80", "::1:80", "[::1]", "[::1]80", "[x]:80", "a:65536", "a:", "a b:1",
          "a:080"}) {
        EXPECT_FALSE(parse_host_port(text)) << text;
    }
}

TEST(NetworkText, IsAnAddressOrCidr) {
    for (const char* text : {"10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "0.0.0.0/0"}) {
        EXPECT_TRUE(is_network(text)) << text;
    }
    for (const char* text :
         {"", "10.0.0", "10.0.0.0/33", "::/129", "host", "10.0.0.0/", "10.0.0.0/08"}) {
        EXPECT_FALSE(is_network(text)) << text;
    }
}

TEST(UrlText, IsSchemeAndHostOnly) {
    EXPECT_TRUE(is_url("https://id.example.com", "https http"));
    EXPECT_TRUE(is_url("https://id.example.com:8443/", "https"));
    EXPECT_TRUE(is_url("ldaps://[::1]:636", "ldap ldaps"));
    EXPECT_TRUE(is_url("ldapi://%2Frun%2Fldapi", "ldapi"));
    EXPECT_TRUE(is_url("ldapi://", "ldapi"));
    for (const char* text :
         {"", "://x", "id.example.com", "ldap://x", "https://", "https://user@x", "https://x/path",
          "https://x?q", "https://x:99999", "https://x:", "HTTPS://x"}) {
        EXPECT_FALSE(is_url(text, "https http")) << text;
    }
    EXPECT_EQ(url_host("ldap://[::1]:389/"), "::1");
    EXPECT_EQ(url_host("http://localhost:80"), "localhost");
}

TEST(FilterText, NeedsBalancedParentheses) {
    EXPECT_TRUE(looks_like_filter("(&(a=b)(c=d))"));
    for (const char* text : {"", "a=b", "(a=b", "(a=b)(c=d)", "a(=b)", ")("}) {
        EXPECT_FALSE(looks_like_filter(text)) << text;
    }
}

TEST(LoopbackAddress, KnowsNamesAndNetworks) {
    EXPECT_TRUE(is_loopback("127.9.9.9"));
    EXPECT_TRUE(is_loopback("::1"));
    EXPECT_TRUE(is_loopback("localhost"));
    EXPECT_FALSE(is_loopback("127.example.com"));
    EXPECT_FALSE(is_loopback("0.0.0.0"));
}

}  // namespace
}  // namespace bascule::config
