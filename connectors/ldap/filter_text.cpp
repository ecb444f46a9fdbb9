#include "connectors/ldap/filter_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace bascule::ldap {
namespace {

std::string joined(char operation, const std::vector<FilterText>& parts) {
    std::string text = "(";
    text += operation;
    for (const auto& part : parts) {
        text += part.text();
    }
    text += ')';
    return text;
}

}  // namespace

std::string escape_filter_value(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e || c == '*' || c == '(' || c == ')' || c == '\\') {
            fmt::format_to(std::back_inserter(out), "\\{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

FilterText FilterText::equal(std::string_view attribute, std::string_view value) {
    return FilterText(fmt::format("({}={})", attribute, escape_filter_value(value)));
}

FilterText FilterText::present(std::string_view attribute) {
    return FilterText(fmt::format("({}=*)", attribute));
}

FilterText FilterText::all_of(const std::vector<FilterText>& parts) {
    return FilterText(joined('&', parts));
}

FilterText FilterText::any_of(const std::vector<FilterText>& parts) {
    return FilterText(joined('|', parts));
}

FilterText FilterText::negation(const FilterText& part) {
    return FilterText(fmt::format("(!{})", part.text()));
}

}  // namespace bascule::ldap
