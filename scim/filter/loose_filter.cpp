#include "scim/filter/loose_filter.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::scim {

using directory::ValueType;

namespace {

bool ends_word(char c) {
    return c == ' ' || c == '\t' || c == '(' || c == ')' || c == '[' || c == ']' || c == '"';
}

bool is_comparison(std::string_view word) {
    constexpr std::array operators{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"};
    for (const char* const one : operators) {
        if (equals_ignoring_ascii_case(word, one)) {
            return true;
        }
    }
    return false;
}

bool is_json_literal(std::string_view word) {
    if (word == "true" || word == "false" || word == "null") {
        return true;
    }
    double number = 0;
    const char* const end = word.data() + word.size();
    const auto [stopped, problem] = std::from_chars(word.data(), end, number);
    return problem == std::errc{} && stopped == end;
}

/// The end of the quoted text that starts at `at`.
std::size_t end_of_text(std::string_view filter, std::size_t at) {
    for (++at; at < filter.size() && filter[at] != '"'; ++at) {
        at += filter[at] == '\\' ? 1 : 0;
    }
    return std::min(at + 1, filter.size());
}

std::size_t end_of_word(std::string_view filter, std::size_t at) {
    while (at < filter.size() && !ends_word(filter[at])) {
        ++at;
    }
    return at;
}

}  // namespace

std::string quote_bare_words(std::string_view filter) {
    std::string out;
    std::size_t words = 0;     // since the last end of a comparison
    bool wants_value = false;  // an operator came just before
    for (std::size_t at = 0; at < filter.size();) {
        if (filter[at] == '"') {
            const std::size_t end = end_of_text(filter, at);
            out += filter.substr(at, end - at);
            at = end;
            wants_value = false;
            words = 0;
        } else if (ends_word(filter[at])) {
            out += filter[at++];
        } else {
            const std::size_t end = end_of_word(filter, at);
            const std::string_view word = filter.substr(at, end - at);
            const bool bare =
                wants_value && !is_json_literal(word) && word.find('\\') == std::string_view::npos;
            out += bare ? "\"" + std::string(word) + "\"" : std::string(word);
            words = wants_value ? 0 : words + 1;
            // The first word is an attribute, whatever its name.
            wants_value = !wants_value && words > 1 && is_comparison(word);
            at = end;
        }
    }
    return out;
}

Literal converted_literal(ValueType type, const Literal& literal) {
    const auto* text = std::get_if<std::string>(&literal);
    if (type == ValueType::boolean && text != nullptr) {
        if (equals_ignoring_ascii_case(*text, "true")) {
            return true;
        }
        return equals_ignoring_ascii_case(*text, "false") ? Literal(false) : literal;
    }
    if ((type == ValueType::integer || type == ValueType::decimal) && text != nullptr) {
        std::int64_t whole = 0;
        const char* const end = text->data() + text->size();
        const auto [stopped, problem] = std::from_chars(text->data(), end, whole);
        return problem == std::errc{} && stopped == end ? Literal(whole) : literal;
    }
    if (type != ValueType::text && type != ValueType::reference) {
        return literal;
    }
    if (const auto* flag = std::get_if<bool>(&literal)) {
        return std::string(*flag ? "true" : "false");
    }
    const auto* whole = std::get_if<std::int64_t>(&literal);
    return whole == nullptr ? literal : Literal(std::to_string(*whole));
}

Status check_eq_and_only(const Syntax& filter, std::string_view profile) {
    const auto refused = [&](const std::string& what) {
        return error_at(
            "invalid_filter", filter.position == 0 ? 1 : filter.position,
            what + ", which the profile '" + std::string(profile) +
                "' refuses (filter_operators); it takes eq and and only."
        );
    };
    if (filter.kind == Syntax::Kind::any_of) {
        return refused("or is used");
    }
    if (filter.kind == Syntax::Kind::negation) {
        return refused("not is used");
    }
    if (filter.kind == Syntax::Kind::comparison && filter.op != directory::Operator::eq) {
        return refused("another operator than eq is used");
    }
    for (const Syntax& child : filter.children) {
        BASCULE_CHECK(check_eq_and_only(child, profile));
    }
    return {};
}

}  // namespace bascule::scim
