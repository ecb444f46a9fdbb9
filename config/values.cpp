#include "config/values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::uint64_t day = 24ULL * 60 * 60 * 1000;
/// From the largest, so that formatting finds the shortest form.
constexpr std::array<Unit, 7> duration_units{
    {{"y", 365 * day},
     {"w", 7 * day},
     {"d", day},
     {"h", day / 24},
     {"m", 60'000},
     {"s", 1000},
     {"ms", 1}}};
constexpr std::array<Unit, 4> size_units{
    {{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

template <std::size_t Count>
std::optional<std::uint64_t> parse_with_unit(
    std::string_view text, const std::array<Unit, Count>& units, std::uint64_t limit
) {
    const auto digits = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto length = static_cast<std::size_t>(digits - text.begin());
    const auto count = parse_count(text.substr(0, length));
    const std::string_view name = text.substr(length);
    for (const Unit& unit : units) {
        if (count && unit.name == name && *count <= limit / unit.factor) {
            return *count * unit.factor;
        }
    }
    return std::nullopt;
}

template <std::size_t Count>
std::string format_with_unit(std::uint64_t value, const std::array<Unit, Count>& units) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) {
            return fmt::format("{}{}", value / unit.factor, unit.name);
        }
    }
    return "0" + std::string(units[units.size() - 2].name);
}

bool is_address(const std::string& text, int family) {
    std::array<unsigned char, 16> buffer{};
    return inet_pton(family, text.c_str(), buffer.data()) == 1;
}

bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_';
    });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = parse_count(text);
    return port && *port <= 65535 ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

/// Splits host and optional port; brackets go.
std::optional<std::pair<std::string, std::string_view>> split_authority(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        std::string host(text.substr(1, end - 1));
        const std::string_view rest = text.substr(end + 1);
        if (!is_address(host, AF_INET6) || (!rest.empty() && rest.front() != ':')) {
            return std::nullopt;
        }
        return std::pair(std::move(host), rest);
    }
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!is_host(text.substr(0, colon))) {
        return std::nullopt;
    }
    return std::pair(std::string(text.substr(0, colon)), text.substr(colon));
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
    if (text.empty() || (text.size() > 1 && text.front() == '0') ||
        !std::all_of(text.begin(), text.end(), is_digit)) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> parse_percent(std::string_view text) {
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
    const bool fraction_ok =
        point == text.size() ||
        (!fraction.empty() && std::all_of(fraction.begin(), fraction.end(), is_digit));
    if (!parse_count(text.substr(0, point)) || !fraction_ok) {
        return std::nullopt;
    }
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc() && value <= 100 ? std::optional(value) : std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text) {
    const auto value = parse_with_unit(text, duration_units, 100 * 365 * day);
    return value ? std::optional(Duration(*value)) : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    if (const auto bytes = parse_count(text)) {
        return bytes;
    }
    return parse_with_unit(text, size_units, std::uint64_t{1} << 50);
}

std::optional<HostPort> parse_host_port(std::string_view text) {
    const auto parts = split_authority(text);
    if (!parts || !parts->second.starts_with(':')) {
        return std::nullopt;
    }
    const auto port = parse_port(parts->second.substr(1));
    return port ? std::optional(HostPort{parts->first, *port}) : std::nullopt;
}

bool is_network(std::string_view text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string address(text.substr(0, slash));
    const bool v4 = is_address(address, AF_INET);
    if (!v4 && !is_address(address, AF_INET6)) {
        return false;
    }
    if (slash == text.size()) {
        return true;
    }
    const auto bits = parse_count(text.substr(slash + 1));
    return bits && *bits <= (v4 ? 32U : 128U);
}

bool is_url(std::string_view text, std::string_view schemes) {
    const std::size_t mark = text.find("://");
    if (mark == std::string_view::npos || mark == 0) {
        return false;
    }
    const std::string scheme(text.substr(0, mark));
    if ((" " + std::string(schemes) + " ").find(" " + scheme + " ") == std::string::npos) {
        return false;
    }
    std::string_view rest = text.substr(mark + 3);
    if (scheme == "ldapi") {
        return rest.find_first_of("/?# ") == std::string_view::npos;
    }
    if (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    const auto parts = split_authority(rest);
    return parts && (parts->second.empty() || parse_port(parts->second.substr(1)));
}

bool looks_like_filter(std::string_view text) {
    if (!text.starts_with('(') || !text.ends_with(')')) {
        return false;
    }
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (depth < 0 || (depth == 0 && i + 1 < text.size())) {
            return false;
        }
    }
    return depth == 0;
}

bool is_attribute_name(std::string_view text) {
    if (text.empty() || !(is_letter(text.front()) || is_digit(text.front()))) {
        return false;
    }
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == ';' || c == '_';
    });
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && is_address(std::string(host), AF_INET));
}

std::string url_host(std::string_view url) {
    const std::size_t mark = url.find("://");
    const std::string_view rest =
        mark == std::string_view::npos ? std::string_view() : url.substr(mark + 3);
    const auto parts = split_authority(rest.substr(0, rest.find('/')));
    return parts ? parts->first : std::string();
}

std::string format_duration(Duration value) {
    return format_with_unit(static_cast<std::uint64_t>(value.count()), duration_units);
}

std::string format_size(std::uint64_t value) {
    return format_with_unit(value, size_units);
}

std::string format_percent(double value) {
    return fmt::format("{}", value);
}

std::string format_host_port(const HostPort& value) {
    const bool v6 = value.host.find(':') != std::string::npos;
    return v6 ? fmt::format("[{}]:{}", value.host, value.port)
              : fmt::format("{}:{}", value.host, value.port);
}

}  // namespace bascule::config
