#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "connectors/ldap/mapping/mapping.hpp"
#include "tests/unit/mirror/entry_text.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"

namespace bascule::ldap {
namespace {

using mirror::MappingRule;

/// One case file: blocks "== rules", "== entry", "== json", "== state", "== warnings".
struct Case {
    std::string rules, entry, json, state, warnings;
};

Case read_case(const std::filesystem::path& path) {
    Case out;
    std::string* block = nullptr;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#"))
            continue;
        if (line == "== rules")
            block = &out.rules;
        else if (line == "== entry")
            block = &out.entry;
        else if (line == "== json")
            block = &out.json;
        else if (line == "== state")
            block = &out.state;
        else if (line == "== warnings")
            block = &out.warnings;
        else if (block != nullptr)
            *block += line + "\n";
    }
    return out;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> out;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, separator);)
        out.push_back(part);
    return out;
}

/// "users emails | from=mail | type=work".
void add_rule(Mapping& mapping, const std::string& line) {
    const std::vector<std::string> parts = split(line, '|');
    const auto trimmed = [](std::string text) {
        text.erase(0, text.find_first_not_of(' '));
        text.erase(text.find_last_not_of(' ') + 1);
        return text;
    };
    const std::string head = trimmed(parts.at(0));
    mirror::KindMapping& kind = head.starts_with("groups ") ? mapping.groups : mapping.users;
    MappingRule rule;
    rule.target = head.substr(head.find(' ') + 1);
    for (std::size_t index = 1; index < parts.size(); ++index) {
        const std::string part = trimmed(parts[index]);
        const std::string key = part.substr(0, part.find('='));
        const std::string value = part.substr(part.find('=') + 1);
        if (key == "filter")
            kind.filter = value;
        if (key == "from")
            rule.from = split(value, ',');
        if (key == "template")
            rule.template_text = value;
        if (key == "constant")
            rule.constant = value;
        if (key == "type")
            rule.type = value;
        if (key == "transform")
            rule.transform = value;
        if (key == "is")
            rule.is = split(value, ',');
        if (key == "is_not")
            rule.is_not = split(value, ',');
        if (key == "when")
            rule.when = value;
    }
    if (rule.target != "filter")
        kind.rules.push_back(rule);
}

class MappingCase : public testing::TestWithParam<std::string> {};

TEST_P(MappingCase, GivesDocument) {
    const Case expected = read_case(std::filesystem::path(CASES_FOLDER) / (GetParam() + ".txt"));
    Mapping mapping;
    for (const std::string& line : split(expected.rules, '\n')) {
        if (!line.empty())
            add_rule(mapping, line);
    }
    const auto mapper = Mapper::compile(mapping, test::product_registry());
    ASSERT_TRUE(mapper) << mapper.error().detail;
    const auto mapped = (*mapper)->map(test::parse_entry(expected.entry));
    if (!expected.json.empty()) {
        EXPECT_EQ(mapped.state, directory::EntryState::mirrored) << mapped.reason;
        EXPECT_EQ(mapped.attributes + "\n", expected.json);
    }
    if (!expected.state.empty()) {
        const char* state = mapped.state == directory::EntryState::mirrored    ? "mirrored"
                            : mapped.state == directory::EntryState::unmatched ? "unmatched"
                                                                               : "quarantined";
        EXPECT_EQ(
            state + std::string("\n") + (mapped.reason.empty() ? "" : mapped.reason + "\n"),
            expected.state
        );
    }
    std::string warnings;
    for (const std::string& warning : mapped.warnings)
        warnings += warning + "\n";
    EXPECT_EQ(warnings, expected.warnings);
}

std::vector<std::string> case_names() {
    std::vector<std::string> out;
    for (const auto& file : std::filesystem::directory_iterator(CASES_FOLDER))
        out.push_back(file.path().stem().string());
    std::sort(out.begin(), out.end());
    return out;
}

std::string case_name(const testing::TestParamInfo<std::string>& parameter) {
    return parameter.param;
}

INSTANTIATE_TEST_SUITE_P(Files, MappingCase, testing::ValuesIn(case_names()), case_name);

}  // namespace
}  // namespace bascule::ldap
