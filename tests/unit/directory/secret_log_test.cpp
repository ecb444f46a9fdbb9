#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "directory/base/log.hpp"
#include "directory/base/secret.hpp"

namespace bascule {
namespace {

TEST(SecretText, TakesTheTextOverAndWipesTheOriginal) {
    std::string original = "correct horse";
    const char* const place = original.data();
    const std::size_t length = original.size();
    const Secret secret(std::move(original));
    EXPECT_EQ(secret.reveal(), "correct horse");
    EXPECT_EQ(std::string(place, length), std::string(length, '\0'));
}

TEST(SecretText, MoveLeavesNothingBehind) {
    Secret first(std::string("short"));
    Secret second(std::move(first));
    EXPECT_TRUE(first.empty());  // NOLINT: the state after the move is what is tested
    first = std::move(second);
    EXPECT_EQ(first.reveal(), "short");
    EXPECT_EQ(first.duplicate().reveal(), "short");
    EXPECT_EQ(first.reveal(), "short");
}

TEST(SecretText, CannotBeCopiedByAccident) {
    EXPECT_FALSE(std::is_copy_constructible_v<Secret>);
    EXPECT_FALSE(std::is_copy_assignable_v<Secret>);
}

TEST(SecretText, WipeEmptiesTheString) {
    std::string text = "pw";
    wipe(text);
    EXPECT_TRUE(text.empty());
}

TEST(ConstantTimeComparison, ComparesContentAndLength) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
}

class Recorder : public log::Sink {
  public:
    void write(
        log::Level level, std::string_view event, std::string_view,
        std::initializer_list<log::Field> fields
    ) override {
        std::string line = std::to_string(static_cast<int>(level)) + " " + std::string(event);
        for (const auto& field : fields) {
            line += " " + std::string(field.name) + "=" + field.value;
        }
        lines.push_back(line);
    }
    std::vector<std::string> lines;
};

TEST(LogEvents, GoToTheInstalledSinkAndNowhereWithoutOne) {
    log::info("dropped", "Nobody listens.");
    Recorder recorder;
    log::Sink* const before = log::set_sink(&recorder);
    log::warning("held", "A plan is held.", {{"source", "corp"}, {"count", "7"}});
    EXPECT_EQ(log::set_sink(before), &recorder);
    log::error("dropped", "Nobody listens.");
    EXPECT_EQ(recorder.lines, std::vector<std::string>{"2 held source=corp count=7"});
}

}  // namespace
}  // namespace bascule
