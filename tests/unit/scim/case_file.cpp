#include "tests/unit/scim/case_file.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace bascule::scim {

std::vector<std::filesystem::path> case_files(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(BASCULE_CASES) / folder)) {
        if (entry.path().extension() == ".case") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

namespace {

void expand(std::string& line, std::string_view word, std::string_view text) {
    for (std::size_t at = 0; (at = line.find(word, at)) != std::string::npos; at += text.size()) {
        line.replace(at, word.size(), text);
    }
}

}  // namespace

std::vector<CaseLine> read_case(const std::filesystem::path& file) {
    std::vector<CaseLine> lines;
    std::ifstream in(file);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line.front() == '#') {
            continue;
        }
        expand(line, "@enterprise", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
        expand(line, "@group", "urn:bascule:params:scim:schemas:extension:2.0:Group");
        if (line.front() == ' ' && !lines.empty()) {
            lines.back().text += line;
            continue;
        }
        const std::size_t space = line.find(' ');
        lines.push_back(
            {number, line.substr(0, space),
             space == std::string::npos ? "" : line.substr(space + 1)}
        );
    }
    return lines;
}

}  // namespace bascule::scim
