#include "directory/base/sealed_text.hpp"

#include <sodium.h>

#include <array>
#include <stdexcept>

namespace bascule {
namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

static_assert(Sealer::secret_size == crypto_kdf_KEYBYTES);

void prepare() {
    static const int ready = sodium_init();
    if (ready < 0) {
        throw std::runtime_error("libsodium cannot be used on this machine");
    }
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

std::string base64(std::string_view raw) {
    std::string text(sodium_base64_encoded_len(raw.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes(raw), raw.size(), variant);
    text.pop_back();  // the encoder ends its text with a zero
    return text;
}

std::optional<std::string> raw_of(std::string_view text) {
    std::string raw(text.size(), '\0');
    std::size_t length = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(
        bytes(raw), raw.size(), text.data(), text.size(), nullptr, &length, &end, variant
    );
    if (failed != 0 || end != text.data() + text.size()) {
        return std::nullopt;
    }
    raw.resize(length);
    return raw;
}

}  // namespace

Sealer::Sealer(const Secret& secret, std::string_view purpose) {
    prepare();
    std::array<char, crypto_kdf_CONTEXTBYTES> context{};
    purpose.copy(context.data(), context.size());
    std::string key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, '\0');
    std::string from(secret.reveal());
    from.resize(secret_size);
    crypto_kdf_derive_from_key(bytes(key), key.size(), 1, context.data(), bytes(from));
    wipe(from);
    key_ = Secret(std::move(key));
}

Secret Sealer::random_secret() {
    prepare();
    std::string secret(secret_size, '\0');
    randombytes_buf(secret.data(), secret.size());
    return Secret(std::move(secret));
}

std::string Sealer::seal(std::string_view text, std::string_view bound) const {
    std::string sealed(nonce_size + text.size() + tag_size, '\0');
    randombytes_buf(sealed.data(), nonce_size);
    unsigned long long length = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes(sealed) + nonce_size, &length, bytes(text), text.size(), bytes(bound), bound.size(),
        nullptr, bytes(sealed), bytes(key_.reveal())
    );
    return base64(sealed);
}

std::optional<std::string> Sealer::open(std::string_view sealed, std::string_view bound) const {
    const auto raw = raw_of(sealed);
    if (!raw || raw->size() < nonce_size + tag_size) {
        return std::nullopt;
    }
    std::string text(raw->size() - nonce_size - tag_size, '\0');
    unsigned long long length = 0;
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        bytes(text), &length, nullptr, bytes(*raw) + nonce_size, raw->size() - nonce_size,
        bytes(bound), bound.size(), bytes(*raw), bytes(key_.reveal())
    );
    if (failed != 0) {
        return std::nullopt;
    }
    return text;
}

}  // namespace bascule
