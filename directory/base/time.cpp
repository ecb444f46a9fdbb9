#include "directory/base/time.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include "directory/base/text.hpp"

namespace bascule {
namespace {

using namespace std::chrono;

/// Reads fixed-width fields from the left of a text.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    [[nodiscard]] std::optional<int> digits(std::size_t count) {
        if (rest_.size() < count) {
            return std::nullopt;
        }
        int value = 0;
        for (const char c : rest_.substr(0, count)) {
            if (c < '0' || c > '9') {
                return std::nullopt;
            }
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }
    [[nodiscard]] bool accept(std::string_view choices) {
        if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }
    /// Up to `limit` fractional digits as milliseconds; nothing when there is no digit or too many.
    [[nodiscard]] std::optional<int> fraction(std::size_t limit) {
        std::size_t count = 0;
        int value = 0;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            if (count < 3) {
                value = value * 10 + (rest_.front() - '0');
            }
            ++count;
            rest_.remove_prefix(1);
        }
        if (count == 0 || count > limit) {
            return std::nullopt;
        }
        for (; count < 3; ++count) {
            value *= 10;
        }
        return value;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] bool at_digit() const {
        return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
    }
    [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  private:
    std::string_view rest_;
};

struct Fields {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int millisecond = 0;
    minutes offset{0};
};

/// Second 60 is a leap second and becomes the first of the next minute.
std::optional<Time> to_time(const Fields& f) {
    const year_month_day date{
        year{f.year}, month{static_cast<unsigned>(f.month)}, day{static_cast<unsigned>(f.day)}};
    if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) {
        return std::nullopt;
    }
    return Time{sys_days{date}} + hours{f.hour} + minutes{f.minute} + seconds{f.second} +
           milliseconds{f.millisecond} - f.offset;
}

bool read_zone(Reader& in, Fields& f) {
    if (in.accept("Zz")) {
        return true;
    }
    const bool negative = in.peek() == '-';
    if (!in.accept("+-")) {
        return false;
    }
    const auto hour = in.digits(2);
    if (!hour || !in.accept(":")) {
        return false;
    }
    const auto minute = in.digits(2);
    if (!minute || *hour > 23 || *minute > 59) {
        return false;
    }
    f.offset = minutes{*hour * 60 + *minute} * (negative ? -1 : 1);
    return true;
}

bool read_into(Reader& in, int& field, std::size_t digits) {
    const auto value = in.digits(digits);
    field = value.value_or(0);
    return value.has_value();
}

std::optional<Time> read_rfc3339(std::string_view text) {
    Reader in(text);
    Fields f;
    const bool date = read_into(in, f.year, 4) && in.accept("-") && read_into(in, f.month, 2) &&
                      in.accept("-") && read_into(in, f.day, 2);
    const bool clock = date && in.accept("Tt") && read_into(in, f.hour, 2) && in.accept(":") &&
                       read_into(in, f.minute, 2) && in.accept(":") && read_into(in, f.second, 2);
    if (!clock) {
        return std::nullopt;
    }
    if (in.accept(".")) {
        const auto fraction = in.fraction(9);
        if (!fraction) {
            return std::nullopt;
        }
        f.millisecond = *fraction;
    }
    if (!read_zone(in, f) || !in.at_end()) {
        return std::nullopt;
    }
    return to_time(f);
}

std::optional<Time> read_generalized(std::string_view text) {
    Reader in(text);
    Fields f;
    if (!read_into(in, f.year, 4) || !read_into(in, f.month, 2) || !read_into(in, f.day, 2) ||
        !read_into(in, f.hour, 2)) {
        return std::nullopt;
    }
    if (in.at_digit() && !read_into(in, f.minute, 2)) {
        return std::nullopt;
    }
    const bool has_seconds = in.at_digit();
    if (has_seconds && !read_into(in, f.second, 2)) {
        return std::nullopt;
    }
    if (has_seconds && in.accept(".,")) {
        const auto fraction = in.fraction(18);
        if (!fraction) {
            return std::nullopt;
        }
        f.millisecond = *fraction;
    }
    if (!in.accept("Z") || !in.at_end()) {
        return std::nullopt;
    }
    return to_time(f);
}

void append_padded(std::string& out, int value, int width) {
    std::array<char, 4> digits{};
    for (int i = width; i-- > 0;) {
        digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    out.append(digits.data(), static_cast<std::size_t>(width));
}

}  // namespace

void append_time(std::string& out, Time time) {
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const hh_mm_ss clock{time - midnight};
    append_padded(out, static_cast<int>(date.year()), 4);
    out.push_back('-');
    append_padded(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
    out.push_back('-');
    append_padded(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    out.push_back('T');
    append_padded(out, static_cast<int>(clock.hours().count()), 2);
    out.push_back(':');
    append_padded(out, static_cast<int>(clock.minutes().count()), 2);
    out.push_back(':');
    append_padded(out, static_cast<int>(clock.seconds().count()), 2);
    out.push_back('.');
    append_padded(out, static_cast<int>(clock.subseconds().count()), 3);
    out.push_back('Z');
}

std::string format_time(Time time) {
    std::string text;
    text.reserve(24);
    append_time(text, time);
    return text;
}

Result<Time> parse_time(std::string_view text) {
    if (const auto time = read_rfc3339(text)) {
        return *time;
    }
    return fail(
        ErrorKind::invalid_input, "invalid_time",
        "'" + printable(text, 60) + "' is not a time; write it with date, time and zone, such as " +
            "2026-11-22T00:36:59Z."
    );
}

Result<Time> parse_generalized_time(std::string_view text) {
    if (const auto time = read_generalized(text)) {
        return *time;
    }
    return fail(
        ErrorKind::invalid_input, "invalid_time",
        "'" + printable(text, 60) + "' is not a GeneralizedTime in UTC, such as 20261122003659Z."
    );
}

}  // namespace bascule
