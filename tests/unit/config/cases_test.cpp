#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace bascule::config {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
    std::ifstream stream(path);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// The last line, whatever number of options there is today.
std::string without_count_of_defaults(std::string summary) {
    constexpr std::string_view word = " defaults)";
    const std::size_t end = summary.rfind(word);
    const std::size_t begin = summary.rfind(' ', end - 1) + 1;
    return end == std::string::npos ? summary : summary.replace(begin, end - begin, "*");
}

/// What `bascule check` says, without the file's name.
std::string check(const fs::path& path) {
    const LoadOutcome outcome = load_file(path.string(), Secrets::checked);
    std::string text;
    for (const Diagnostic& one : outcome.diagnostics) {
        std::string line = one.to_string();
        line.erase(0, path.string().size());
        line.erase(0, line.starts_with(':') ? 1 : 0);
        const std::size_t blanks = line.find("  ");
        text += line.erase(blanks, 1) + "\n";
    }
    return text + without_count_of_defaults(outcome.summary()) + "\n";
}

class ConfigCase : public testing::TestWithParam<fs::path> {};

/// Every tests/cases/config/NAME.yaml gives exactly the diagnostics in NAME.expected.
TEST_P(ConfigCase, GivesTheExpectedDiagnostics) {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    fs::path expected = GetParam();
    expected.replace_extension(".expected");
    EXPECT_EQ(check(GetParam()), read(expected));
}

std::vector<fs::path> cases() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(BASCULE_CONFIG_CASES)) {
        if (entry.path().extension() == ".yaml") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

INSTANTIATE_TEST_SUITE_P(Files, ConfigCase, testing::ValuesIn(cases()), [](const auto& file) {
    return file.param.stem().string();
});

}  // namespace
}  // namespace bascule::config
