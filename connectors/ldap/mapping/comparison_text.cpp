#include "connectors/ldap/mapping/comparison_text.hpp"

#include <algorithm>
#include <array>

#include "directory/base/text.hpp"

namespace bascule::ldap {

namespace {

constexpr std::array<std::string_view, 7> case_exact_attributes = {
    "memberuid",    "homedirectory",        "loginshell", "gecos",
    "automountkey", "automountinformation", "labeleduri",
};

/// Leading and trailing spaces go, runs become one (RFC 4518 section 2.6.1).
std::string squeeze_spaces(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char character : text) {
        if (character == ' ' && (out.empty() || out.back() == ' '))
            continue;
        out += character;
    }
    if (!out.empty() && out.back() == ' ')
        out.pop_back();
    return out;
}

}  // namespace

bool keeps_case(std::string_view attribute) {
    return std::any_of(
        case_exact_attributes.begin(), case_exact_attributes.end(),
        [&](std::string_view known) { return equals_ignoring_ascii_case(known, attribute); }
    );
}

std::string comparison_text(std::string_view value, bool case_exact) {
    if (!is_valid_utf8(value))
        return std::string(value);
    std::string squeezed = squeeze_spaces(value);
    return case_exact ? squeezed : fold_case(squeezed);
}

std::string comparison_part(std::string_view part, bool case_exact) {
    std::string squeezed;
    for (const char character : part) {
        if (character == ' ' && !squeezed.empty() && squeezed.back() == ' ')
            continue;
        squeezed += character;
    }
    return case_exact || !is_valid_utf8(squeezed) ? squeezed : fold_case(squeezed);
}

}  // namespace bascule::ldap
