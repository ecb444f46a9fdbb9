#pragma once

#include <string>
#include <string_view>

#include "directory/base/secret.hpp"

namespace bascule::selfservice {

/// `prefix` and 256 random bits in base64url without padding (43 characters).
[[nodiscard]] Secret new_secret_token(std::string_view prefix);

/// SHA-256 in lower-case hexadecimal: what is stored of a token. A fast hash suffices for 256
/// random bits.
[[nodiscard]] std::string token_hash(std::string_view token);

}  // namespace bascule::selfservice
