#include "daemon/ctl/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule::daemon::ctl {
namespace {

// Columns line up by characters, not by bytes.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], width_of(row[i]));
        }
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string cell = printable(row[i], row[i].size());
            line.append(cell).append(widths[i] - std::min(widths[i], width_of(cell)) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out.append(line).append("\n");
    }
    return out;
}

std::string grouped(std::int64_t value) {
    const std::string digits = std::to_string(value);
    std::string text;
    for (std::size_t at = 0; at < digits.size(); ++at) {
        const bool after_digit = at > 0 && digits[at - 1] != '-';
        if (after_digit && (digits.size() - at) % 3 == 0) {
            text += ',';
        }
        text += digits[at];
    }
    return text;
}

std::string rough_duration(double seconds) {
    if (seconds < 0) {
        seconds = 0;
    }
    if (seconds < 120) {
        return seconds < 10 ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.0f} s", seconds);
    }
    if (seconds < 7200) {
        return fmt::format("{:.0f} min", seconds / 60);
    }
    return seconds < 172'800 ? fmt::format("{:.0f} h", seconds / 3600)
                             : fmt::format("{:.0f} d", seconds / 86'400);
}

}  // namespace bascule::daemon::ctl
