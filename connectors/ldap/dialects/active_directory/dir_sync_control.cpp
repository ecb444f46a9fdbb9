#include "connectors/ldap/dialects/active_directory/dir_sync_control.hpp"

#include <lber.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace bascule::ldap {
namespace {

constexpr std::uint32_t object_security = 0x1;
constexpr std::uint32_t ancestors_first = 0x800;
constexpr std::uint32_t incremental_values = 0x80000000;
// Servers raise smaller sizes to 1 MiB; what is larger costs memory at both ends.
constexpr ber_int_t answer_bytes = 4 << 20;
constexpr std::string_view format_mark = "dirsync2";
constexpr std::string_view format_without_server = "dirsync1";
constexpr std::string_view seen_mark = "seen";
constexpr std::string_view unseen_mark = "unseen";
constexpr std::string_view hex_digits = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char one : bytes) {
        const auto number = static_cast<unsigned char>(one);
        text += hex_digits[number >> 4U];
        text += hex_digits[number & 15U];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = hex_digits.find(text[i]);
        const auto low = hex_digits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high << 4U | low);
    }
    return bytes;
}

/// Parts between '|'; the controller's name is hexadecimal, so that no part holds one.
std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t at = text.find('|'); at != std::string_view::npos; at = text.find('|')) {
        parts.push_back(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    parts.push_back(text);
    return parts;
}

}  // namespace

std::string encode_dir_sync_request(std::string_view cookie) {
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_alloc_t(LBER_USE_DER), [](BerElement* owned) { ber_free(owned, 1); }
    );
    constexpr std::uint32_t flags = object_security | ancestors_first | incremental_values;
    ber_printf(
        element.get(), "{iio}", static_cast<ber_int_t>(flags), answer_bytes, cookie.data(),
        static_cast<ber_len_t>(cookie.size())
    );
    berval value{};
    ber_flatten2(element.get(), &value, 0);
    return {value.bv_val, value.bv_len};
}

Result<DirSyncAnswer> decode_dir_sync_answer(std::string_view value) {
    std::string copy(value);
    copy.push_back('\0');  // liblber ends what it finds with a zero byte in place
    berval input{value.size(), copy.data()};
    const std::unique_ptr<BerElement, void (*)(BerElement*)> element(
        ber_alloc_t(LBER_USE_DER), [](BerElement* owned) { ber_free(owned, 0); }
    );
    ber_init2(element.get(), &input, LBER_USE_DER);
    ber_int_t more = 0;
    ber_int_t size = 0;
    berval cookie{};
    if (value.empty() || ber_scanf(element.get(), "{iim}", &more, &size, &cookie) == LBER_ERROR) {
        return fail(
            ErrorKind::internal, "directory_protocol",
            "The directory server sent a DirSync answer that cannot be read."
        );
    }
    return DirSyncAnswer{more != 0, std::string(cookie.bv_val, cookie.bv_len)};
}

std::string DirSyncCookie::to_string() const {
    return std::string(format_mark) + "|" + database.to_string() + "|" + to_hex(controller) + "|" +
           format_time(time) + "|" + to_hex(bytes) + "|" + to_hex(server) + "|" +
           std::string(deletions_seen ? seen_mark : unseen_mark);
}

std::optional<DirSyncCookie> DirSyncCookie::parse(std::string_view text) {
    const auto parts = split(text);
    const bool old = parts.size() == 5 && parts[0] == format_without_server;
    const bool seen = parts.back() == seen_mark;
    const bool whole = parts.size() == 7 && parts[0] == format_mark;
    if (!old && (!whole || (!seen && parts.back() != unseen_mark))) {
        return std::nullopt;
    }
    const auto database = parse_uuid(parts[1]);
    auto controller = from_hex(parts[2]);
    const auto time = parse_time(parts[3]);
    auto bytes = from_hex(parts[4]);
    auto server = old ? std::string() : from_hex(parts[5]);
    if (!database || !controller || !time || !bytes || bytes->empty() || !server) {
        return std::nullopt;
    }
    return DirSyncCookie{*database,         *std::move(controller), *time,
                         *std::move(bytes), *std::move(server),     !old && seen};
}

}  // namespace bascule::ldap
