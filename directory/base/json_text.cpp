#include "directory/base/json_text.hpp"

#include <array>
#include <charconv>

namespace bascule {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_escape(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out.push_back(hex_digits[static_cast<unsigned char>(c) >> 4]);
            out.push_back(hex_digits[static_cast<unsigned char>(c) & 0x0F]);
    }
}

void append_utf8(std::string& out, std::uint32_t character) {
    const auto byte = [&out](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
    if (character < 0x80) {
        byte(character);
    } else if (character < 0x800) {
        byte(0xC0 | (character >> 6));
        byte(0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
        byte(0xE0 | (character >> 12));
        byte(0x80 | ((character >> 6) & 0x3F));
        byte(0x80 | (character & 0x3F));
    } else {
        byte(0xF0 | (character >> 18));
        byte(0x80 | ((character >> 12) & 0x3F));
        byte(0x80 | ((character >> 6) & 0x3F));
        byte(0x80 | (character & 0x3F));
    }
}

std::uint32_t four_hex_digits(std::string_view text, std::size_t at) {
    std::uint32_t value = 0;
    if (at + 4 <= text.size()) {
        std::from_chars(text.data() + at, text.data() + at + 4, value, 16);
    }
    return value;
}

bool is_high_surrogate(std::uint32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}

bool is_low_surrogate(std::uint32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

/// Decodes \uXXXX at `at` (pointing to the first digit), a surrogate pair included; returns the
/// index after it. A lone surrogate becomes U+FFFD.
std::size_t append_unicode_escape(std::string& out, std::string_view text, std::size_t at) {
    const std::uint32_t unit = four_hex_digits(text, at);
    at += 4;
    if (is_high_surrogate(unit) && text.substr(at, 2) == "\\u") {
        const std::uint32_t low = four_hex_digits(text, at + 2);
        if (is_low_surrogate(low)) {
            append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
            return at + 6;
        }
    }
    const bool lone = is_high_surrogate(unit) || is_low_surrogate(unit);
    append_utf8(out, lone ? 0xFFFD : unit);
    return at;
}

char simple_escape(char c) {
    switch (c) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;
    }
}

/// The index after the string literal that starts at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            return at + 1;
        }
    }
    return text.size();
}

/// The index after the value that starts at `at`; iterative, so depth costs nothing.
std::size_t skip_value(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    while (at < text.size()) {
        switch (text[at]) {
            case '"':
                at = skip_string(text, at);
                if (depth == 0) {
                    return at;
                }
                continue;
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (depth == 0) {
                    return at;
                }
                if (--depth == 0) {
                    return at + 1;
                }
                break;
            case ',':
                if (depth == 0) {
                    return at;
                }
                break;
            default:
                break;
        }
        ++at;
    }
    return text.size();
}

/// Takes brackets off; anything else becomes empty.
std::string_view inside(std::string_view text, char open, char close) {
    if (text.size() < 2 || text.front() != open || text.back() != close) {
        return {};
    }
    return text.substr(1, text.size() - 2);
}

void drop_comma(std::string_view& rest) {
    if (!rest.empty() && rest.front() == ',') {
        rest.remove_prefix(1);
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
            out.append(text.substr(plain, i - plain));
            append_escape(out, c);
            plain = i + 1;
        }
    }
    out.append(text.substr(plain));
    out.push_back('"');
}

std::string decode_json_string(std::string_view literal) {
    const std::string_view text = inside(literal, '"', '"');
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t escape = text.find('\\', at);
        out.append(text.substr(at, escape == std::string_view::npos ? escape : escape - at));
        if (escape == std::string_view::npos || escape + 1 >= text.size()) {
            break;
        }
        const char kind = text[escape + 1];
        at = escape + 2;
        if (kind == 'u') {
            at = append_unicode_escape(out, text, at);
        } else {
            out.push_back(simple_escape(kind));
        }
    }
    return out;
}

void JsonWriter::separate() {
    if (needs_comma_) {
        out_.push_back(',');
    }
    needs_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
    separate();
    out_.push_back('{');
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_object() {
    out_.push_back('}');
    needs_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    separate();
    out_.push_back('[');
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    out_.push_back(']');
    needs_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_.push_back(':');
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    separate();
    append_json_string(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
    separate();
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
}

JsonWriter& JsonWriter::null() {
    separate();
    out_ += "null";
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_.append(json);
    return *this;
}

JsonWriter& JsonWriter::field(std::string_view name, std::string_view value) {
    return key(name).text(value);
}

JsonMembers::JsonMembers(std::string_view object) : rest_(inside(object, '{', '}')) {}

std::optional<JsonMembers::Member> JsonMembers::next() {
    if (rest_.empty() || rest_.front() != '"') {
        return std::nullopt;
    }
    const std::size_t key_end = skip_string(rest_, 0);
    if (key_end >= rest_.size() || rest_[key_end] != ':') {
        rest_ = {};
        return std::nullopt;
    }
    const std::size_t value_end = skip_value(rest_, key_end + 1);
    const Member member{
        rest_.substr(1, key_end - 2), rest_.substr(key_end + 1, value_end - key_end - 1)};
    rest_.remove_prefix(value_end);
    drop_comma(rest_);
    return member;
}

JsonElements::JsonElements(std::string_view array) : rest_(inside(array, '[', ']')) {}

std::optional<std::string_view> JsonElements::next() {
    if (rest_.empty()) {
        return std::nullopt;
    }
    const std::size_t end = skip_value(rest_, 0);
    if (end == 0) {
        return std::nullopt;
    }
    const std::string_view element = rest_.substr(0, end);
    rest_.remove_prefix(end);
    drop_comma(rest_);
    return element;
}

std::string_view json_member(std::string_view object, std::string_view name) {
    JsonMembers members(object);
    while (const auto member = members.next()) {
        if (member->key == name) {
            return member->value;
        }
    }
    return {};
}

std::optional<std::string> json_text_member(std::string_view object, std::string_view name) {
    const std::string_view value = json_member(object, name);
    if (value.empty() || value.front() != '"') {
        return std::nullopt;
    }
    return decode_json_string(value);
}

}  // namespace bascule
