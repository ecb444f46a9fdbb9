#include "connectors/ldap/mapping/ldap_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "directory/base/text.hpp"

namespace bascule::ldap {

namespace {

using Node = LdapFilter::Node;
using Kind = LdapFilter::Kind;

constexpr std::size_t maximum_length = 16 * 1024;
constexpr std::size_t maximum_terms = 1000;
constexpr int maximum_depth = 64;
constexpr std::string_view and_rule = "1.2.840.113556.1.4.803";
constexpr std::string_view or_rule = "1.2.840.113556.1.4.804";

/// Attributes whose equality rule keeps case (RFC 2307, RFC 4524 and kin).
constexpr std::array<std::string_view, 7> case_exact_attributes = {
    "memberuid",    "homedirectory",        "loginshell", "gecos",
    "automountkey", "automountinformation", "labeleduri",
};

bool keeps_case(std::string_view attribute) {
    return std::any_of(
        case_exact_attributes.begin(), case_exact_attributes.end(),
        [&](std::string_view known) { return equals_ignoring_ascii_case(known, attribute); }
    );
}

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

std::string prepare(std::string_view value, bool case_exact) {
    if (!is_valid_utf8(value))
        return std::string(value);
    std::string squeezed = squeeze_spaces(value);
    return case_exact ? squeezed : fold_case(squeezed);
}

/// A part of a substring assertion keeps one space at its ends, as values do inside.
std::string prepare_part(std::string_view part, bool case_exact) {
    std::string squeezed;
    for (const char character : part) {
        if (character == ' ' && !squeezed.empty() && squeezed.back() == ' ')
            continue;
        squeezed += character;
    }
    return case_exact || !is_valid_utf8(squeezed) ? squeezed : fold_case(squeezed);
}

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<Node> parse() {
        if (text_.size() > maximum_length)
            return wrong("it is longer than 16 KiB");
        skip_spaces();
        // A bare item without parentheses is what people type; accept it at the top.
        const bool bare = position_ < text_.size() && text_[position_] != '(';
        Result<Node> node = bare ? parse_item(text_.size()) : parse_filter(1);
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

    Result<Node> parse_filter(int depth) {
        if (depth > maximum_depth)
            return wrong("it is nested too deeply");
        if (position_ >= text_.size() || text_[position_] != '(')
            return wrong("'(' is expected");
        ++position_;
        skip_spaces();
        if (position_ >= text_.size())
            return wrong("it ends too early");
        const char first = text_[position_];
        Result<Node> node = first == '&' || first == '|' ? parse_list(first, depth)
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

    Result<Node> parse_list(char sign, int depth) {
        Node node;
        node.kind = sign == '&' ? Kind::all_of : Kind::any_of;
        ++position_;
        skip_spaces();
        while (position_ < text_.size() && text_[position_] == '(') {
            BASCULE_TRY(Node child, parse_filter(depth + 1));
            node.children.push_back(std::move(child));
            skip_spaces();
        }
        return node;
    }

    Result<Node> parse_negation(int depth) {
        Node node;
        node.kind = Kind::negation;
        ++position_;
        skip_spaces();
        BASCULE_TRY(Node child, parse_filter(depth + 1));
        node.children.push_back(std::move(child));
        skip_spaces();
        return node;
    }

    Result<Node> parse_item(std::size_t end) {
        if (++terms_ > maximum_terms)
            return wrong("it has more than 1,000 terms");
        const std::string_view item = text_.substr(position_, end - position_);
        const std::size_t sign = item.find('=');
        if (sign == std::string_view::npos || sign == 0)
            return wrong("an attribute, a sign and a value are expected");
        Node node;
        std::string_view name = item.substr(0, sign);
        node.kind = kind_of(name.back());
        if (node.kind == Kind::all_bits)
            return parse_bit_rule(name, item.substr(sign + 1), end);
        if (node.kind != Kind::equality)
            name.remove_suffix(1);
        if (!is_attribute(name))
            return wrong("the attribute name has characters that are not allowed");
        node.attribute = std::string(name);
        node.case_exact = keeps_case(name);
        BASCULE_CHECK(read_value(node, item.substr(sign + 1)));
        position_ = end;
        return node;
    }

    static Kind kind_of(char before_sign) {
        switch (before_sign) {
            case '>':
                return Kind::greater_or_equal;
            case '<':
                return Kind::less_or_equal;
            case '~':
                return Kind::approximate;
            case ':':
                return Kind::all_bits;
            default:
                return Kind::equality;
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

    Result<Node> parse_bit_rule(std::string_view name, std::string_view value, std::size_t end) {
        name.remove_suffix(1);
        const std::size_t colon = name.find(':');
        const std::string_view rule =
            colon == std::string_view::npos ? std::string_view{} : name.substr(colon + 1);
        if (rule != and_rule && rule != or_rule)
            return wrong("this matching rule is not supported");
        Node node;
        node.kind = rule == and_rule ? Kind::all_bits : Kind::any_bits;
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

    Status read_value(Node& node, std::string_view value) {
        if (node.kind == Kind::equality && value == "*") {
            node.kind = Kind::presence;
            return {};
        }
        if (node.kind == Kind::equality && value.find('*') != std::string_view::npos)
            return read_substrings(node, value);
        BASCULE_TRY(node.value, unescape(value));
        node.folded = prepare(node.value, node.case_exact);
        return {};
    }

    Status read_substrings(Node& node, std::string_view value) {
        node.kind = Kind::substrings;
        std::size_t from = 0;
        while (true) {
            const std::size_t star = value.find('*', from);
            const std::size_t end = star == std::string_view::npos ? value.size() : star;
            BASCULE_TRY(std::string part, unescape(value.substr(from, end - from)));
            node.folded_parts.push_back(prepare_part(part, node.case_exact));
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

enum class Truth { no, yes, undefined };

Truth truth(bool value) {
    return value ? Truth::yes : Truth::no;
}

bool has_substrings(const std::vector<std::string>& parts, std::string_view value) {
    const std::string& first = parts.front();
    const std::string& last = parts.back();
    if (value.size() < first.size() + last.size() || !value.starts_with(first) ||
        !value.ends_with(last))
        return false;
    value.remove_prefix(first.size());
    value.remove_suffix(last.size());
    for (std::size_t index = 1; index + 1 < parts.size(); ++index) {
        const std::size_t found = value.find(parts[index]);
        if (found == std::string_view::npos)
            return false;
        value.remove_prefix(found + parts[index].size());
    }
    return true;
}

std::optional<std::int64_t> as_integer(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

Truth compare_order(const Node& node, std::string_view value) {
    const auto wanted = as_integer(node.value);
    const auto found = as_integer(value);
    int order = 0;
    if (wanted && found) {
        order = *found < *wanted ? -1 : *found > *wanted ? 1 : 0;
    } else if (!is_valid_utf8(value) || !is_valid_utf8(node.value)) {
        return Truth::undefined;
    } else {
        order = prepare(value, node.case_exact).compare(node.folded);
    }
    return truth(node.kind == Kind::greater_or_equal ? order >= 0 : order <= 0);
}

Truth compare_bits(const Node& node, std::string_view value) {
    const auto number = as_integer(value);
    if (!number)
        return Truth::undefined;
    const std::uint64_t present = static_cast<std::uint64_t>(*number) & node.bits;
    return truth(node.kind == Kind::all_bits ? present == node.bits : present != 0);
}

bool equal_value(const Node& node, std::string_view value) {
    if (value == node.value)
        return true;
    if (node.case_exact)
        return prepare(value, true) == node.folded;
    // Most values are plain ASCII without odd spaces: decide those without an allocation.
    if (value.size() == node.value.size() && equals_ignoring_ascii_case(value, node.value))
        return true;
    const bool plain = std::all_of(value.begin(), value.end(), [](char character) {
        return character > ' ' && character < 0x7f;
    });
    if (plain)
        return to_ascii_lower(value) == node.folded;
    return prepare(value, false) == node.folded;
}

Truth compare(const Node& node, std::string_view value) {
    switch (node.kind) {
        case Kind::substrings:
            return truth(has_substrings(node.folded_parts, prepare(value, node.case_exact)));
        case Kind::greater_or_equal:
        case Kind::less_or_equal:
            return compare_order(node, value);
        case Kind::all_bits:
        case Kind::any_bits:
            return compare_bits(node, value);
        default:
            return truth(equal_value(node, value));
    }
}

Truth evaluate(const Node& node, const directory::SourceEntry& entry);

Truth evaluate_all(const Node& node, const directory::SourceEntry& entry) {
    Truth result = Truth::yes;
    for (const Node& child : node.children) {
        const Truth one = evaluate(child, entry);
        if (one == Truth::no)
            return Truth::no;
        if (one == Truth::undefined)
            result = Truth::undefined;
    }
    return result;
}

Truth evaluate_any(const Node& node, const directory::SourceEntry& entry) {
    Truth result = Truth::no;
    for (const Node& child : node.children) {
        const Truth one = evaluate(child, entry);
        if (one == Truth::yes)
            return Truth::yes;
        if (one == Truth::undefined)
            result = Truth::undefined;
    }
    return result;
}

Truth evaluate_item(const Node& node, const directory::SourceEntry& entry) {
    const std::vector<std::string>& values = entry.values(node.attribute);
    if (node.kind == Kind::presence)
        return truth(!values.empty());
    Truth result = Truth::no;
    for (const std::string& value : values) {
        const Truth one = compare(node, value);
        if (one == Truth::yes)
            return Truth::yes;
        if (one == Truth::undefined)
            result = Truth::undefined;
    }
    return result;
}

Truth evaluate(const Node& node, const directory::SourceEntry& entry) {
    switch (node.kind) {
        case Kind::all_of:
            return evaluate_all(node, entry);
        case Kind::any_of:
            return evaluate_any(node, entry);
        case Kind::negation: {
            const Truth inner = evaluate(node.children.front(), entry);
            return inner == Truth::undefined ? inner : truth(inner == Truth::no);
        }
        default:
            return evaluate_item(node, entry);
    }
}

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

void print(const Node& node, std::string& out);

void print_item(const Node& node, std::string& out) {
    out += node.attribute;
    switch (node.kind) {
        case Kind::presence:
            out += "=*";
            return;
        case Kind::substrings:
            out += '=';
            for (std::size_t index = 0; index < node.parts.size(); ++index) {
                if (index != 0)
                    out += '*';
                out += show_value(node.parts[index]);
            }
            return;
        case Kind::all_bits:
            out += fmt::format(":{}:={}", and_rule, node.bits);
            return;
        case Kind::any_bits:
            out += fmt::format(":{}:={}", or_rule, node.bits);
            return;
        case Kind::greater_or_equal:
            out += ">=";
            break;
        case Kind::less_or_equal:
            out += "<=";
            break;
        case Kind::approximate:
            out += "~=";
            break;
        default:
            out += '=';
            break;
    }
    out += show_value(node.value);
}

void print(const Node& node, std::string& out) {
    out += '(';
    switch (node.kind) {
        case Kind::all_of:
            out += '&';
            break;
        case Kind::any_of:
            out += '|';
            break;
        case Kind::negation:
            out += '!';
            break;
        default:
            print_item(node, out);
            break;
    }
    for (const Node& child : node.children)
        print(child, out);
    out += ')';
}

/// "the entry has objectClass: account, posixAccount".
std::string found_instead(const std::string& attribute, const directory::SourceEntry& entry) {
    const std::vector<std::string>& values = entry.values(attribute);
    if (values.empty())
        return fmt::format("the entry has no {}", attribute);
    std::string out = fmt::format("the entry has {}: ", attribute);
    constexpr std::size_t shown = 8;
    for (std::size_t index = 0; index < std::min(values.size(), shown); ++index) {
        if (index != 0)
            out += ", ";
        out += printable(values[index], 60);
    }
    if (values.size() > shown)
        out += fmt::format(" and {} more", values.size() - shown);
    return out;
}

std::string explain_node(const Node& node, const directory::SourceEntry& entry) {
    const Truth result = evaluate(node, entry);
    if (result == Truth::yes)
        return {};
    if (node.kind == Kind::all_of) {
        const auto culprit =
            std::find_if(node.children.begin(), node.children.end(), [&](const Node& child) {
                return evaluate(child, entry) != Truth::yes;
            });
        return explain_node(*culprit, entry);
    }
    std::string text;
    print(node, text);
    text += result == Truth::undefined ? " cannot be decided" : " is false";
    if (node.kind == Kind::any_of) {
        if (node.children.empty())
            return text;
        const Node* first = &node.children.front();
        while (!first->children.empty())
            first = &first->children.front();
        return fmt::format("{} ({})", text, found_instead(first->attribute, entry));
    }
    const Node* item = &node;
    while (!item->children.empty())
        item = &item->children.front();
    if (item->attribute.empty())
        return text;
    return fmt::format("{} ({})", text, found_instead(item->attribute, entry));
}

}  // namespace

Result<LdapFilter> LdapFilter::parse(std::string_view text) {
    BASCULE_TRY(Node root, Parser(text).parse());
    return LdapFilter(std::move(root));
}

bool LdapFilter::matches(const directory::SourceEntry& entry) const {
    return evaluate(root_, entry) == Truth::yes;
}

std::string LdapFilter::explain(const directory::SourceEntry& entry) const {
    return explain_node(root_, entry);
}

std::string LdapFilter::to_string() const {
    std::string out;
    print(root_, out);
    return out;
}

}  // namespace bascule::ldap
