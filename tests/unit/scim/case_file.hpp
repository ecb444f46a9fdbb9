#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bascule::scim {

/// One line of a case file: its first word, and the rest.
struct CaseLine {
    int number = 0;
    std::string keyword;
    std::string text;
};

/// The files of tests/cases/<folder>, sorted.
[[nodiscard]] std::vector<std::filesystem::path> case_files(const std::string& folder);

/// Its lines without remarks, continuation lines joined.
[[nodiscard]] std::vector<CaseLine> read_case(const std::filesystem::path& file);

}  // namespace bascule::scim
