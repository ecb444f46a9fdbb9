#include "directory/base/uuid.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t text_length = 36;

bool is_dash_position(std::size_t index) {
    return index == 8 || index == 13 || index == 18 || index == 23;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void set_version(Uuid& id, std::uint8_t version) {
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | (version << 4));
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
}

auto invalid_uuid(std::string_view text) {
    return fail(
        ErrorKind::invalid_input, "invalid_uuid",
        "'" + printable(text, 60) + "' is not a UUID; it has 36 characters, such as " +
            "0192a3b4-c5d6-7e8f-9012-3456789abcde."
    );
}

}  // namespace

std::string Uuid::to_string() const {
    std::string text(text_length, '-');
    std::size_t at = 0;
    for (const std::uint8_t byte : bytes) {
        if (is_dash_position(at)) {
            ++at;
        }
        text[at++] = hex_digits[byte >> 4];
        text[at++] = hex_digits[byte & 0x0F];
    }
    return text;
}

Result<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != text_length) {
        return invalid_uuid(text);
    }
    Uuid id;
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_dash_position(i)) {
            if (text[i] != '-') {
                return invalid_uuid(text);
            }
            continue;
        }
        const int value = hex_value(text[i]);
        if (value < 0) {
            return invalid_uuid(text);
        }
        std::uint8_t& byte = id.bytes[nibble / 2];
        byte = static_cast<std::uint8_t>((byte << 4) | value);
        ++nibble;
    }
    return id;
}

Result<Uuid> uuid_from_bytes(std::string_view raw) {
    Uuid id;
    if (raw.size() != id.bytes.size()) {
        return fail(
            ErrorKind::invalid_input, "invalid_uuid",
            "A binary UUID has 16 bytes, not " + std::to_string(raw.size()) + "."
        );
    }
    std::copy(raw.begin(), raw.end(), id.bytes.begin());
    return id;
}

Uuid uuid_v5(const Uuid& name_space, std::string_view name) {
    std::string input(name_space.raw());
    input.append(name);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    // Fetched once: the library looks EVP_sha1() up anew for each digest.
    static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    EVP_Digest(input.data(), input.size(), digest.data(), &length, sha1, nullptr);
    Uuid id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    set_version(id, 5);
    return id;
}

Uuid uuid_v7(Time now) {
    Uuid id;
    randombytes_buf(id.bytes.data(), id.bytes.size());
    auto milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
    for (std::size_t i = 6; i-- > 0;) {
        id.bytes[i] = static_cast<std::uint8_t>(milliseconds & 0xFF);
        milliseconds >>= 8;
    }
    set_version(id, 7);
    return id;
}

}  // namespace bascule
