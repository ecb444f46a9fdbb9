#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::daemon {

/// Signs security event tokens as compact JWS (RFC 7515) with one private key: ES256 for a P-256
/// key, RS256 for an RSA key of 2048 bits or more. Thread-safe.
class TokenSigner {
  public:
    /// A private key in PEM. `invalid_input`/"signing_key_unusable" when it is none, or of another
    /// kind.
    [[nodiscard]] static Result<std::unique_ptr<TokenSigner>> from_pem(const Secret& pem);
    /// The key of a file; makes a P-256 key there, readable by its owner alone, when there is no
    /// file. `unavailable`/"signing_key_unusable".
    [[nodiscard]] static Result<std::unique_ptr<TokenSigner>> from_file(const std::string& path);
    ~TokenSigner();

    /// The signed token: header `typ` "secevent+jwt", `alg`, `kid`.
    [[nodiscard]] Result<std::string> sign(std::string_view claims) const;
    /// The public key as JWK Set (RFC 7517). Its `kid` is the key's thumbprint (RFC 7638).
    [[nodiscard]] const std::string& public_keys() const { return public_keys_; }

  private:
    struct Key;
    TokenSigner();
    std::unique_ptr<Key> key_;
    std::string public_keys_;
};

}  // namespace bascule::daemon
