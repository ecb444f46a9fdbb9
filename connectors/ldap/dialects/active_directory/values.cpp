#include "connectors/ldap/dialects/active_directory/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace bascule::ldap {
namespace {

constexpr std::int64_t ticks_per_millisecond = 10'000;
constexpr std::int64_t ticks_per_second = 10'000'000;
// From 1601-01-01 to 1970-01-01.
constexpr std::int64_t epoch_milliseconds = 11'644'473'600'000;

void turn_round(Uuid& guid) {
    const auto begin = guid.bytes.begin();
    std::reverse(begin, begin + 4);
    std::reverse(begin + 4, begin + 6);
    std::reverse(begin + 6, begin + 8);
}

std::uint8_t byte(std::string_view bytes, std::size_t index) {
    return static_cast<std::uint8_t>(bytes[index]);
}

}  // namespace

Result<Uuid> guid_from_wire(std::string_view bytes) {
    BASCULE_TRY(auto guid, uuid_from_bytes(bytes));
    turn_round(guid);
    return guid;
}

std::string guid_to_wire(const Uuid& guid) {
    Uuid turned = guid;
    turn_round(turned);
    return std::string(turned.raw());
}

std::string guid_name(const Uuid& guid) {
    return "<GUID=" + guid.to_string() + ">";
}

std::optional<std::string> sid_text(std::string_view bytes) {
    constexpr std::size_t head = 8;
    if (bytes.size() < head || bytes.size() != head + 4U * byte(bytes, 1)) {
        return std::nullopt;
    }
    std::uint64_t authority = 0;
    for (std::size_t i = 2; i < head; ++i) {
        authority = authority << 8U | byte(bytes, i);
    }
    std::string text = fmt::format("S-{}-{}", byte(bytes, 0), authority);
    for (std::size_t at = head; at < bytes.size(); at += 4) {
        std::uint32_t number = 0;
        for (std::size_t i = 4; i > 0; --i) {
            number = number << 8U | byte(bytes, at + i - 1);
        }
        text += fmt::format("-{}", number);
    }
    return text;
}

std::optional<std::uint32_t> relative_id(std::string_view sid) {
    const auto dash = sid.rfind('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    const auto* end = sid.data() + sid.size();
    const auto read = std::from_chars(sid.data() + dash + 1, end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> integer_value(
    const directory::SourceEntry& entry, std::string_view attribute
) {
    const auto& values = entry.values(attribute);
    if (values.empty()) {
        return std::nullopt;
    }
    std::int64_t number = 0;
    const auto* end = values.front().data() + values.front().size();
    const auto read = std::from_chars(values.front().data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

std::optional<Time> time_from_ticks(std::int64_t ticks) {
    if (ticks <= 0 || ticks == std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    // Rounded up: an instant that was reached by the server's clock is never told too early.
    return Time(std::chrono::milliseconds(
        (ticks + ticks_per_millisecond - 1) / ticks_per_millisecond - epoch_milliseconds
    ));
}

std::int64_t ticks_from_time(Time time) {
    return (time.time_since_epoch().count() + epoch_milliseconds) * ticks_per_millisecond;
}

std::optional<std::chrono::seconds> duration_from_ticks(std::int64_t ticks) {
    if (ticks >= 0 || ticks == std::numeric_limits<std::int64_t>::min()) {
        return std::nullopt;
    }
    return std::chrono::seconds(-(ticks / ticks_per_second));
}

}  // namespace bascule::ldap
