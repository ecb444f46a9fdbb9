#include "scim/filter/literal.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace bascule::scim {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | (point >> 6));
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | (point >> 12));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3F));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

/// Reads a JSON string (RFC 8259 section 7) that starts with its quote.
class StringReader {
  public:
    StringReader(std::string_view text, std::size_t& at) : text_(text), at_(at) {}

    Result<Literal> read() {
        const std::size_t start = at_++;
        while (at_ < text_.size() && text_[at_] != '"') {
            if (static_cast<unsigned char>(text_[at_]) < 0x20) {
                return error_at(
                    "invalid_filter", at_ + 1, "a control character must be written as \\u00XX."
                );
            }
            if (text_[at_] != '\\') {
                out_.push_back(text_[at_++]);
            } else if (!read_escape()) {
                return error_at("invalid_filter", at_ + 1, "this is no escape that JSON knows.");
            }
        }
        if (at_ >= text_.size()) {
            return error_at(
                "invalid_filter", start + 1, "the text that starts here has no closing quote."
            );
        }
        ++at_;
        return Literal(std::move(out_));
    }

  private:
    bool read_escape() {
        static constexpr std::string_view letters = "\"\\/bfnrt";
        static constexpr std::string_view characters = "\"\\/\b\f\n\r\t";
        const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (letter == 'u') {
            return read_unicode_escape();
        }
        const std::size_t index = letters.find(letter);
        if (letter == '\0' || index == std::string_view::npos) {
            return false;
        }
        out_.push_back(characters[index]);
        at_ += 2;
        return true;
    }

    bool read_unicode_escape() {
        const auto first = unit_at(at_);
        if (!first || (*first >= 0xDC00 && *first < 0xE000) || *first == 0) {
            return false;
        }
        if (*first < 0xD800 || *first >= 0xE000) {
            append_utf8(out_, *first);
            at_ += 6;
            return true;
        }
        const auto second = unit_at(at_ + 6);
        if (!second || *second < 0xDC00 || *second >= 0xE000) {
            return false;
        }
        append_utf8(out_, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
        at_ += 12;
        return true;
    }

    /// The code unit of `\uXXXX` at `at`.
    [[nodiscard]] std::optional<std::uint32_t> unit_at(std::size_t at) const {
        if (at + 6 > text_.size() || text_[at] != '\\' || text_[at + 1] != 'u') {
            return std::nullopt;
        }
        std::uint32_t unit = 0;
        const char* begin = text_.data() + at + 2;
        const auto [end, error] = std::from_chars(begin, begin + 4, unit, 16);
        return error == std::errc() && end == begin + 4 ? std::optional(unit) : std::nullopt;
    }

    std::string_view text_;
    std::size_t& at_;
    std::string out_;
};

std::size_t skip_digits(std::string_view text, std::size_t at) {
    while (at < text.size() && is_digit(text[at])) {
        ++at;
    }
    return at;
}

/// The end of a JSON number (RFC 8259 section 6) that starts at `at`, or `at` itself when it is
/// none.
std::size_t end_of_number(std::string_view text, std::size_t at, bool& is_whole) {
    const std::size_t start = at;
    at += text[at] == '-' ? 1 : 0;
    std::size_t end = skip_digits(text, at);
    if (end == at || (text[at] == '0' && end > at + 1)) {
        return start;
    }
    if (end < text.size() && text[end] == '.') {
        is_whole = false;
        at = end + 1;
        end = skip_digits(text, at);
        if (end == at) {
            return start;
        }
    }
    if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
        is_whole = false;
        at = end + 1;
        at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1 : 0;
        end = skip_digits(text, at);
        return end == at ? start : end;
    }
    return end;
}

Result<Literal> read_number(std::string_view text, std::size_t& at) {
    bool is_whole = true;
    const std::size_t end = end_of_number(text, at, is_whole);
    const char* first = text.data() + at;
    const char* last = text.data() + end;
    if (std::int64_t whole = 0;
        is_whole && std::from_chars(first, last, whole).ec == std::errc() && end > at) {
        at = end;
        return Literal(whole);
    }
    double number = 0;
    if (end == at || std::from_chars(first, last, number).ec != std::errc() ||
        !std::isfinite(number)) {
        return error_at("invalid_filter", at + 1, "this is no number that can be compared.");
    }
    at = end;
    return Literal(number);
}

}  // namespace

Result<Literal> read_literal(std::string_view text, std::size_t& at) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with('"')) {
        return StringReader(text, at).read();
    }
    if (!rest.empty() && (rest.front() == '-' || is_digit(rest.front()))) {
        return read_number(text, at);
    }
    for (const auto& [word, value] :
         {std::pair<std::string_view, Literal>{"true", true},
          {"false", false},
          {"null", std::monostate()}}) {
        if (rest.starts_with(word)) {
            at += word.size();
            return value;
        }
    }
    return error_at(
        "invalid_filter", at + 1,
        "expected a value: a text in double quotes, a number, true, false or null."
    );
}

}  // namespace bascule::scim
