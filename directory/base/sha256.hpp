#pragma once

#include <sodium.h>

#include <array>
#include <string>
#include <string_view>

namespace bascule {

/// SHA-256 (FIPS 180-4) of what is added, piece by piece. For telling whether two contents are the
/// same; passwords have their own functions. Used by one thread at a time.
class Sha256 {
  public:
    Sha256();
    void add(std::string_view bytes);
    /// The digest in hexadecimal. Nothing may be added afterwards.
    [[nodiscard]] std::string hex();

  private:
    crypto_hash_sha256_state state_{};
};

/// The digest of one text, in hexadecimal.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace bascule
