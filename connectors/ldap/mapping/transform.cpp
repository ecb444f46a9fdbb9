#include "connectors/ldap/mapping/transform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

namespace {

using Entry = std::pair<std::string_view, Transform>;
constexpr std::array<Entry, 14> names = {{
    {"lower", Transform::lower},
    {"upper", Transform::upper},
    {"trim", Transform::trim},
    {"phone", Transform::phone},
    {"boolean", Transform::boolean},
    {"not", Transform::negation},
    {"generalized_time", Transform::generalized_time},
    {"base64", Transform::base64},
    {"first_word", Transform::first_word},
    {"last_word", Transform::last_word},
    {"local_part", Transform::local_part},
    {"domain_part", Transform::domain_part},
    {"rdn_value", Transform::rdn_value},
    {"digits", Transform::digits},
}};

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

std::string upper(std::string_view value) {
    std::string out(value);
    for (char& character : out) {
        if (character >= 'a' && character <= 'z')
            character = static_cast<char>(character - 'a' + 'A');
    }
    return out;
}

std::string trim(std::string_view value) {
    std::string out;
    for (const char character : value) {
        const bool space =
            character == ' ' || character == '\t' || character == '\r' || character == '\n';
        if (!space) {
            out += character;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ')
        out.pop_back();
    return out;
}

std::string digits(std::string_view value) {
    std::string out;
    std::copy_if(value.begin(), value.end(), std::back_inserter(out), is_digit);
    return out;
}

std::optional<std::string> phone(std::string_view value) {
    std::string cleaned = trim(value);
    const bool international = cleaned.starts_with('+') || cleaned.starts_with("00");
    if (cleaned.starts_with("00"))
        cleaned.erase(0, 2);
    // "+49 (0)69": the trunk zero is dialled inside the country only.
    if (const std::size_t trunk = cleaned.find("(0)"); international && trunk != std::string::npos)
        cleaned.erase(trunk, 3);
    if (const std::size_t extension = cleaned.find_first_of("xX;"); extension != std::string::npos)
        cleaned.erase(extension);
    const std::string number = digits(cleaned);
    if (number.empty())
        return std::nullopt;
    return international ? "+" + number : number;
}

std::string_view edge_word(std::string_view value, bool first) {
    const std::size_t from = value.find_first_not_of(' ');
    if (from == std::string_view::npos)
        return {};
    value = value.substr(from, value.find_last_not_of(' ') - from + 1);
    return first ? value.substr(0, value.find(' ')) : value.substr(value.rfind(' ') + 1);
}

std::optional<std::string> part_of_address(std::string_view value, bool local) {
    const std::size_t at = value.rfind('@');
    if (at == std::string_view::npos) {
        return local ? std::optional<std::string>(value) : std::nullopt;
    }
    return std::string(local ? value.substr(0, at) : value.substr(at + 1));
}

int hex_digit(char character) {
    if (is_digit(character))
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

std::optional<std::string> rdn_value(std::string_view dn) {
    const std::size_t sign = dn.find('=');
    if (sign == std::string_view::npos)
        return std::nullopt;
    std::string out;
    for (std::size_t index = sign + 1; index < dn.size() && dn[index] != ',' && dn[index] != '+';
         ++index) {
        if (dn[index] != '\\' || index + 1 == dn.size()) {
            out += dn[index];
            continue;
        }
        const int high = hex_digit(dn[index + 1]);
        const int low = index + 2 < dn.size() ? hex_digit(dn[index + 2]) : -1;
        const bool pair = high >= 0 && low >= 0;
        out += pair ? static_cast<char>(high * 16 + low) : dn[index + 1];
        index += pair ? 2 : 1;
    }
    return out;
}

std::optional<std::string> boolean_text(std::string_view value, bool negate) {
    const std::optional<bool> parsed = parse_boolean(value);
    if (!parsed)
        return std::nullopt;
    return *parsed != negate ? "true" : "false";
}

std::optional<std::string> time_text(std::string_view value) {
    const Result<Time> time = parse_generalized_time(value);
    if (!time)
        return std::nullopt;
    return format_time(*time);
}

}  // namespace

Result<Transform> find_transform(std::string_view name) {
    if (name.empty())
        return Transform::none;
    std::vector<std::string> known;
    for (const auto& [text, transform] : names) {
        if (text == name)
            return transform;
        known.emplace_back(text);
    }
    const std::string near = nearest(name, known);
    std::string detail = fmt::format("There is no transform '{}'", printable(name));
    detail += near.empty() ? fmt::format("; there are {}.", fmt::join(known, ", "))
                           : fmt::format("; did you mean '{}'?", near);
    return fail(ErrorKind::invalid_input, "unknown_transform", std::move(detail));
}

std::optional<std::string> apply_transform(Transform transform, std::string_view value) {
    switch (transform) {
        case Transform::none:
            return std::string(value);
        case Transform::lower:
            return fold_case(value);
        case Transform::upper:
            return upper(value);
        case Transform::trim:
            return trim(value);
        case Transform::phone:
            return phone(value);
        case Transform::boolean:
            return boolean_text(value, false);
        case Transform::negation:
            return boolean_text(value, true);
        case Transform::generalized_time:
            return time_text(value);
        case Transform::base64:
            return encode_base64(value);
        case Transform::first_word:
            return std::string(edge_word(value, true));
        case Transform::last_word:
            return std::string(edge_word(value, false));
        case Transform::local_part:
            return part_of_address(value, true);
        case Transform::domain_part:
            return part_of_address(value, false);
        case Transform::rdn_value:
            return rdn_value(value);
        case Transform::digits:
            return digits(value);
    }
    return std::nullopt;
}

bool takes_binary(Transform transform) {
    return transform == Transform::base64;
}

std::optional<bool> parse_boolean(std::string_view value) {
    const std::string lower = to_ascii_lower(value);
    if (lower == "true" || lower == "yes" || lower == "on" || lower == "1" || lower == "y")
        return true;
    if (lower == "false" || lower == "no" || lower == "off" || lower == "0" || lower == "n")
        return false;
    return std::nullopt;
}

std::string encode_base64(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t index = 0; index < bytes.size(); index += 3) {
        const auto byte = [&](std::size_t offset) -> unsigned {
            return index + offset < bytes.size() ? static_cast<unsigned char>(bytes[index + offset])
                                                 : 0U;
        };
        const unsigned group = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        out += alphabet[(group >> 18) & 63];
        out += alphabet[(group >> 12) & 63];
        out += index + 1 < bytes.size() ? alphabet[(group >> 6) & 63] : '=';
        out += index + 2 < bytes.size() ? alphabet[group & 63] : '=';
    }
    return out;
}

}  // namespace bascule::ldap
