#include "connectors/ldap/mapping/filter_printer.hpp"

#include <fmt/format.h>

#include <string_view>

namespace bascule::ldap {

namespace {

/// Filters are shown to people, so letters stay; for requests there is escape_filter_value().
std::string show_value(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (const char character : value) {
        const auto byte = static_cast<unsigned char>(character);
        const bool special = byte < 0x20 || byte == 0x7f || character == '*' || character == '(' ||
                             character == ')' || character == '\\';
        if (special) {
            out += fmt::format("\\{:02x}", byte);
        } else {
            out += character;
        }
    }
    return out;
}

void print_item(const FilterNode& node, std::string& out) {
    out += node.attribute;
    switch (node.kind) {
        case FilterKind::presence:
            out += "=*";
            return;
        case FilterKind::substrings:
            out += '=';
            for (std::size_t index = 0; index < node.parts.size(); ++index) {
                if (index != 0)
                    out += '*';
                out += show_value(node.parts[index]);
            }
            return;
        case FilterKind::all_bits:
            out += fmt::format(":{}:={}", all_bits_rule, node.bits);
            return;
        case FilterKind::any_bits:
            out += fmt::format(":{}:={}", any_bits_rule, node.bits);
            return;
        case FilterKind::greater_or_equal:
            out += ">=";
            break;
        case FilterKind::less_or_equal:
            out += "<=";
            break;
        case FilterKind::approximate:
            out += "~=";
            break;
        default:
            out += '=';
            break;
    }
    out += show_value(node.value);
}

void print(const FilterNode& node, std::string& out) {
    out += '(';
    switch (node.kind) {
        case FilterKind::all_of:
            out += '&';
            break;
        case FilterKind::any_of:
            out += '|';
            break;
        case FilterKind::negation:
            out += '!';
            break;
        default:
            print_item(node, out);
            break;
    }
    for (const FilterNode& child : node.children)
        print(child, out);
    out += ')';
}

}  // namespace

std::string print_filter(const FilterNode& node) {
    std::string out;
    print(node, out);
    return out;
}

}  // namespace bascule::ldap
