#include "daemon/ctl/text_table.hpp"

#include <gtest/gtest.h>

#include "daemon/ctl/commands.hpp"

namespace bascule::daemon::ctl {
namespace {

TEST(TextTable, ColumnsLineUpByCharacters) {
    EXPECT_EQ(
        text_table({{"NAME", "WHERE"}, {"Jörg", "a"}, {"x", "b"}}),
        "NAME  WHERE\nJörg  a\nx     b\n"
    );
}

TEST(TextTable, ControlCharactersAreReplaced) {
    EXPECT_EQ(text_table({{"a\x1b[2J", "b\n"}}).find('\x1b'), std::string::npos);
}

TEST(Grouped, ThousandsAreSeparated) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(104224), "104,224");
    EXPECT_EQ(grouped(-1234567), "-1,234,567");
}

TEST(RoughDuration, TakesTheUnitThatReads) {
    EXPECT_EQ(rough_duration(0.84), "0.8 s");
    EXPECT_EQ(rough_duration(59), "59 s");
    EXPECT_EQ(rough_duration(1200), "20 min");
    EXPECT_EQ(rough_duration(18000), "5 h");
    EXPECT_EQ(rough_duration(864000), "10 d");
}

TEST(Lifetime, NumberAndUnit) {
    EXPECT_EQ(parse_lifetime("180d").value(), std::chrono::hours(180 * 24));
    EXPECT_EQ(parse_lifetime("90s").value(), std::chrono::seconds(90));
    for (const char* wrong : {"", "d", "12", "-1d", "0d", "1w", "1 d", "1d2", "99999999999d"}) {
        EXPECT_FALSE(parse_lifetime(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace bascule::daemon::ctl
