#include "connectors/ldap/sync_cookie.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

// Change numbers are counted from 1; 389 writes -1 as a number without sign, of 32 bits or more,
// when it knows none.
constexpr std::uint64_t unknown_number = 0xFFFFFFFFULL;
constexpr char proven_mark = '+';
constexpr char server_mark = '@';
constexpr char server_end = ' ';

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool all_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

/// The server id of a stamp `time#count#sid#mod`, or nothing when it is malformed.
std::optional<std::string> server_of(std::string_view stamp) {
    constexpr std::size_t time_size = std::string_view("20261122003659.123456Z").size();
    constexpr std::size_t whole_size = time_size + std::string_view("#000000#000#000000").size();
    if (stamp.size() != whole_size || stamp[14] != '.' || stamp[time_size - 1] != 'Z' ||
        stamp[time_size] != '#' || stamp[time_size + 7] != '#' || stamp[time_size + 11] != '#' ||
        !all_digits(stamp.substr(0, 14)) || !all_digits(stamp.substr(15, 6)) ||
        !all_hex(stamp.substr(time_size + 1, 6)) || !all_hex(stamp.substr(time_size + 8, 3)) ||
        !all_hex(stamp.substr(time_size + 12, 6))) {
        return std::nullopt;
    }
    return to_ascii_lower(stamp.substr(time_size + 8, 3));
}

auto invalid_cookie(std::string_view text) {
    return fail(
        ErrorKind::invalid_input, "invalid_cookie",
        fmt::format(
            "The synchronisation cookie \"{}\" cannot be used; everything is read again.",
            printable(text)
        )
    );
}

/// Cuts the first part up to `separator` off `text`.
std::string_view next_part(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

}  // namespace

void SyncCookie::add_stamp(std::string_view stamp) {
    if (const auto server = server_of(stamp)) {
        auto& newest = stamps_[*server];
        newest = std::max(newest, std::string(stamp));
    }
}

Result<SyncCookie> SyncCookie::parse(std::string_view text) {
    SyncCookie cookie;
    bool has_replica = false;
    for (auto rest = text; !rest.empty();) {
        const auto field = next_part(rest, ',');
        if (field.starts_with("rid=")) {
            has_replica = field.size() > 4 && all_digits(field.substr(4));
        } else if (field.starts_with("csn=")) {
            for (auto stamps = field.substr(4); !stamps.empty();) {
                const auto stamp = next_part(stamps, ';');
                if (!server_of(stamp)) {
                    return invalid_cookie(text);
                }
                cookie.add_stamp(stamp);
            }
        }
    }
    if (!has_replica || cookie.empty()) {
        return invalid_cookie(text);
    }
    return cookie;
}

Result<SyncCookie> SyncCookie::parse_numbered(std::string_view text) {
    std::string_view server;
    if (text.starts_with(server_mark)) {
        server = next_part(text, server_end).substr(1);
    }
    const bool proven = text.starts_with(proven_mark);
    text.remove_prefix(proven ? 1 : 0);
    const auto first = text.find('#');
    const auto last = text.rfind('#');
    std::uint64_t number = 0;
    const auto digits = text.substr(std::min(last + 1, text.size()));
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (first == std::string_view::npos || first == last || digits.empty() ||
        problem != std::errc() || end != digits.data() + digits.size() ||
        number >= unknown_number) {
        return invalid_cookie(text);
    }
    SyncCookie cookie;
    cookie.numbered_ = true;
    cookie.proven_ = proven;
    cookie.server_ = server;
    cookie.stamps_[std::string(text.substr(0, last))] = fmt::format("{:020}", number);
    return cookie;
}

std::string SyncCookie::to_stored_text(int replica_id) const {
    auto text = to_string(replica_id);
    if (!numbered_ || text.empty()) {
        return text;
    }
    if (proven_) {
        text.insert(0, 1, proven_mark);
    }
    return server_.empty() ? text : fmt::format("{}{}{}{}", server_mark, server_, server_end, text);
}

std::uint64_t SyncCookie::number() const {
    std::uint64_t number = 0;
    if (numbered_ && !stamps_.empty()) {
        const auto& digits = stamps_.begin()->second;
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    }
    return number;
}

bool SyncCookie::merge(const SyncCookie& other) {
    numbered_ = numbered_ || other.numbered_;
    bool changed = false;
    for (const auto& [server, stamp] : other.stamps_) {
        auto& newest = stamps_[server];
        if (newest < stamp) {
            newest = stamp;
            changed = true;
        }
    }
    return changed;
}

bool SyncCookie::is_behind(const SyncCookie& other) const {
    return std::ranges::any_of(other.stamps_, [this](const auto& item) {
        const auto own = stamps_.find(item.first);
        return own == stamps_.end() || own->second < item.second;
    });
}

std::string SyncCookie::to_string(int replica_id) const {
    if (stamps_.empty()) {
        return {};
    }
    if (numbered_) {
        return fmt::format("{}#{}", stamps_.begin()->first, number());
    }
    auto text = fmt::format("rid={:03},csn=", replica_id);
    bool first = true;
    for (const auto& [server, stamp] : stamps_) {
        if (!std::exchange(first, false)) {
            text += ';';
        }
        text += stamp;
    }
    return text;
}

}  // namespace bascule::ldap
