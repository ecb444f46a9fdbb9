#include "selfservice/secret_token.hpp"

#include <sodium.h>

#include <array>

namespace bascule::selfservice {

Secret new_secret_token(std::string_view prefix) {
    std::array<unsigned char, 32> random{};
    randombytes_buf(random.data(), random.size());
    constexpr std::size_t encoded_size =
        sodium_base64_ENCODED_LEN(random.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    std::array<char, encoded_size> encoded{};
    sodium_bin2base64(
        encoded.data(), encoded.size(), random.data(), random.size(),
        sodium_base64_VARIANT_URLSAFE_NO_PADDING
    );
    std::string token(prefix);
    token += encoded.data();
    sodium_memzero(random.data(), random.size());
    sodium_memzero(encoded.data(), encoded.size());
    return Secret(std::move(token));
}

std::string keyed_digest(std::string_view key, std::string_view text) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(
        &state, reinterpret_cast<const unsigned char*>(key.data()), key.size()
    );
    crypto_auth_hmacsha256_update(
        &state, reinterpret_cast<const unsigned char*>(text.data()), text.size()
    );
    std::string digest(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(digest.data()));
    sodium_memzero(&state, sizeof state);
    return digest;
}

std::string keyed_hash(std::string_view key, std::string_view text) {
    const std::string digest = keyed_digest(key, text);
    std::string hex(2 * digest.size() + 1, '\0');
    sodium_bin2hex(
        hex.data(), hex.size(), reinterpret_cast<const unsigned char*>(digest.data()), digest.size()
    );
    hex.pop_back();
    return hex;
}

std::string base64url(std::string_view bytes) {
    std::string text(
        sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0'
    );
    sodium_bin2base64(
        text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING
    );
    text.pop_back();
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(
        reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
        nullptr, &size, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING
    );
    if (failed != 0 || end != text.data() + text.size()) {
        return std::nullopt;
    }
    bytes.resize(size);
    return bytes;
}

std::string token_hash(std::string_view token) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256(
        digest.data(), reinterpret_cast<const unsigned char*>(token.data()), token.size()
    );
    std::string text(2 * digest.size() + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
    text.pop_back();
    return text;
}

}  // namespace bascule::selfservice
