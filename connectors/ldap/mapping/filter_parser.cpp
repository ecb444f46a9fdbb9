#include "connectors/ldap/mapping/filter_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "connectors/ldap/mapping/comparison_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

namespace {

constexpr std::size_t maximum_length = 16 * 1024;
constexpr std::size_t maximum_terms = 1000;
constexpr int maximum_depth = 64;

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<FilterNode> parse() {
        if (text_.size() > maximum_length)
            return wrong("it is longer than 16 KiB");
        skip_spaces();
        // A bare item without parentheses is what people type; accept it at the top.
        const bool bare = position_ < text_.size() && text_[position_] != '(';
        Result<FilterNode> node = bare ? parse_item(text_.size()) : parse_parentheses(1);
        if (!node)
            return node;
        skip_spaces();
        if (position_ != text_.size())
            return wrong("there is text after its end");
        return node;
    }

  private:
    tl::unexpected<Error> wrong(std::string_view what) const {
        return fail(
            ErrorKind::invalid_input, "invalid_filter",
            fmt::format(
                "The LDAP filter '{}' is not valid: {} (at character {}).", printable(text_), what,
                position_ + 1
            )
        );
    }

    void skip_spaces() {
        while (position_ < text_.size() && text_[position_] == ' ')
            ++position_;
    }

    Result<FilterNode> parse_parentheses(int depth) {
        if (depth > maximum_depth)
            return wrong("it is nested too deeply");
        if (position_ >= text_.size() || text_[position_] != '(')
            return wrong("'(' is expected");
        ++position_;
        skip_spaces();
        if (position_ >= text_.size())
            return wrong("it ends too early");
        const char first = text_[position_];
        Result<FilterNode> node = first == '&' || first == '|' ? parse_list(first, depth)
                                  : first == '!'               ? parse_negation(depth)
                                                               : parse_item(end_of_item());
        if (!node)
            return node;
        if (position_ >= text_.size() || text_[position_] != ')')
            return wrong("')' is expected");
        ++position_;
        return node;
    }

    std::size_t end_of_item() const {
        const std::size_t end = text_.find_first_of("()", position_);
        return end == std::string_view::npos ? text_.size() : end;
    }

    Result<FilterNode> parse_list(char sign, int depth) {
        FilterNode node;
        node.kind = sign == '&' ? FilterKind::all_of : FilterKind::any_of;
        ++position_;
        skip_spaces();
        while (position_ < text_.size() && text_[position_] == '(') {
            BASCULE_TRY(FilterNode child, parse_parentheses(depth + 1));
            node.children.push_back(std::move(child));
            skip_spaces();
        }
        return node;
    }

    Result<FilterNode> parse_negation(int depth) {
        FilterNode node;
        node.kind = FilterKind::negation;
        ++position_;
        skip_spaces();
        BASCULE_TRY(FilterNode child, parse_parentheses(depth + 1));
        node.children.push_back(std::move(child));
        skip_spaces();
        return node;
    }

    Result<FilterNode> parse_item(std::size_t end) {
        if (++terms_ > maximum_terms)
            return wrong("it has more than 1,000 terms");
        const std::string_view item = text_.substr(position_, end - position_);
        const std::size_t sign = item.find('=');
        if (sign == std::string_view::npos || sign == 0)
            return wrong("an attribute, a sign and a value are expected");
        FilterNode node;
        std::string_view name = item.substr(0, sign);
        node.kind = kind_of(name.back());
        if (node.kind == FilterKind::all_bits)
            return parse_bit_rule(name, item.substr(sign + 1), end);
        if (node.kind != FilterKind::equality)
            name.remove_suffix(1);
        if (!is_attribute(name))
            return wrong("the attribute name has characters that are not allowed");
        node.attribute = std::string(name);
        node.case_exact = keeps_case(name);
        BASCULE_CHECK(read_value(node, item.substr(sign + 1)));
        position_ = end;
        return node;
    }

    static FilterKind kind_of(char before_sign) {
        switch (before_sign) {
            case '>':
                return FilterKind::greater_or_equal;
            case '<':
                return FilterKind::less_or_equal;
            case '~':
                return FilterKind::approximate;
            case ':':
                return FilterKind::all_bits;
            default:
                return FilterKind::equality;
        }
    }

    static bool is_attribute(std::string_view name) {
        return !name.empty() && std::all_of(name.begin(), name.end(), [](char character) {
            return (character >= 'a' && character <= 'z') ||
                   (character >= 'A' && character <= 'Z') ||
                   (character >= '0' && character <= '9') || character == '-' || character == '.' ||
                   character == ';' || character == '_';
        });
    }

    Result<FilterNode> parse_bit_rule(
        std::string_view name, std::string_view value, std::size_t end
    ) {
        name.remove_suffix(1);
        const std::size_t colon = name.find(':');
        const std::string_view rule =
            colon == std::string_view::npos ? std::string_view{} : name.substr(colon + 1);
        if (rule != all_bits_rule && rule != any_bits_rule)
            return wrong("this matching rule is not supported");
        FilterNode node;
        node.kind = rule == all_bits_rule ? FilterKind::all_bits : FilterKind::any_bits;
        node.attribute = std::string(name.substr(0, colon));
        node.value = std::string(value);
        const auto [rest, error] =
            std::from_chars(value.data(), value.data() + value.size(), node.bits);
        if (!is_attribute(node.attribute) || error != std::errc{} ||
            rest != value.data() + value.size()) {
            return wrong("a bit rule needs an attribute and a decimal number");
        }
        position_ = end;
        return node;
    }

    Status read_value(FilterNode& node, std::string_view value) {
        if (node.kind == FilterKind::equality && value == "*") {
            node.kind = FilterKind::presence;
            return {};
        }
        if (node.kind == FilterKind::equality && value.find('*') != std::string_view::npos)
            return read_substrings(node, value);
        BASCULE_TRY(node.value, unescape(value));
        node.folded = comparison_text(node.value, node.case_exact);
        return {};
    }

    Status read_substrings(FilterNode& node, std::string_view value) {
        node.kind = FilterKind::substrings;
        std::size_t from = 0;
        while (true) {
            const std::size_t star = value.find('*', from);
            const std::size_t end = star == std::string_view::npos ? value.size() : star;
            BASCULE_TRY(std::string part, unescape(value.substr(from, end - from)));
            node.folded_parts.push_back(comparison_part(part, node.case_exact));
            node.parts.push_back(std::move(part));
            if (star == std::string_view::npos)
                return {};
            from = star + 1;
        }
    }

    Result<std::string> unescape(std::string_view value) const {
        std::string out;
        out.reserve(value.size());
        for (std::size_t index = 0; index < value.size(); ++index) {
            if (value[index] != '\\') {
                out += value[index];
                continue;
            }
            unsigned code = 0;
            const char* digits = value.data() + index + 1;
            if (index + 2 >= value.size() ||
                std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2) {
                return wrong("'\\' must be followed by two hexadecimal digits");
            }
            out += static_cast<char>(code);
            index += 2;
        }
        return out;
    }

    std::string_view text_;
    std::size_t position_ = 0;
    std::size_t terms_ = 0;
};

}  // namespace

Result<FilterNode> parse_filter(std::string_view text) {
    return Parser(text).parse();
}

}  // namespace bascule::ldap
