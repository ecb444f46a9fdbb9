#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/base/secret.hpp"

namespace bascule::selfservice {

/// `prefix` and 256 random bits in base64url without padding (43 characters).
[[nodiscard]] Secret new_secret_token(std::string_view prefix);

/// HMAC-SHA-256 with a key, 32 bytes (RFC 2104). A key of any length.
[[nodiscard]] std::string keyed_digest(std::string_view key, std::string_view text);

/// HMAC-SHA-256 in lower-case hexadecimal: what is stored of a client's secret. Without the key of
/// the installation a stolen database tells not even which secret belongs to whom.
[[nodiscard]] std::string keyed_hash(std::string_view key, std::string_view text);

/// base64url without padding (RFC 4648 section 5).
[[nodiscard]] std::string base64url(std::string_view bytes);
/// Nothing when the text is not exactly that.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

/// SHA-256 in lower-case hexadecimal: what is stored of a token. A fast hash suffices for 256
/// random bits.
[[nodiscard]] std::string token_hash(std::string_view token);

}  // namespace bascule::selfservice
