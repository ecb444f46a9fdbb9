#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/base/secret.hpp"

namespace bascule {

/// Hands texts to a client that only this installation can read and that nobody can change: what
/// the client brings back needs no memory here. Encrypted and authenticated
/// (XChaCha20-Poly1305), in base64url without padding. Thread-safe.
class Sealer {
  public:
    /// Bytes of a secret.
    static constexpr std::size_t secret_size = 32;

    /// Derives its key from `secret` (secret_size bytes) and `purpose` (8 characters), so that a
    /// text sealed for one purpose opens for no other.
    Sealer(const Secret& secret, std::string_view purpose);

    /// `bound` is not part of the result; the same must be given to open it.
    [[nodiscard]] std::string seal(std::string_view text, std::string_view bound) const;
    /// Nothing when the text was not sealed here, was changed, or was bound to something else.
    [[nodiscard]] std::optional<std::string> open(std::string_view sealed, std::string_view bound)
        const;

    /// A new secret.
    [[nodiscard]] static Secret random_secret();

  private:
    Secret key_;
};

}  // namespace bascule
