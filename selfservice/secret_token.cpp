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
