#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/log_sink.hpp"

namespace bascule::daemon {
namespace {

constexpr std::string_view time = "2026-11-22T00:36:59.123Z";

TEST(LogLine, TextShowsTimeLevelEventAndFields) {
    EXPECT_EQ(
        format_log_line(
            LogFormat::text, time, log::Level::info, "started", "It runs.",
            {{"port", "8443"}, {"note", "two words"}}
        ),
        "2026-11-22T00:36:59.123Z info started: It runs. port=8443 note=\"two words\""
    );
}

TEST(LogLine, ValueCannotFakeALineOrAField) {
    const std::string line = format_log_line(
        LogFormat::text, time, log::Level::warning, "request", "a\nb\x1b[31m",
        {{"path", "x\r\ny outcome=\"good\""}, {"empty", ""}}
    );
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find('\r'), std::string::npos);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_NE(line.find(R"(path="x\x0d\ny outcome=\"good\"")"), std::string::npos) << line;
    EXPECT_NE(line.find("empty=\"\""), std::string::npos);
}

TEST(LogLine, JsonIsValidWhateverTheBytes) {
    const std::string line = format_log_line(
        LogFormat::json, time, log::Level::error, "bad", "broken \xff\xfe",
        {{"value", std::string("a\0\n\"b", 5)}}
    );
    const auto parsed = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(parsed.is_object()) << line;
    EXPECT_EQ(parsed["level"], "error");
    EXPECT_EQ(parsed["value"], std::string("a\0\n\"b", 5));
}

TEST(LogLine, JournalCarriesThePriorityAndNoTime) {
    EXPECT_EQ(
        format_log_line(LogFormat::journal, "", log::Level::error, "lost", "Gone.", {}),
        "<3>lost: Gone."
    );
    EXPECT_EQ(
        format_log_line(LogFormat::journal, "", log::Level::debug, "seen", "Here.", {}),
        "<7>seen: Here."
    );
}

TEST(LogFormatChoice, ConfiguredOneCounts) {
    EXPECT_EQ(choose_log_format("json"), LogFormat::json);
    EXPECT_EQ(choose_log_format("journal"), LogFormat::journal);
    EXPECT_EQ(choose_log_format("auto"), LogFormat::text);
}

}  // namespace
}  // namespace bascule::daemon
