#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"

namespace bascule::portal {

/// A signed token in compact form (RFC 7519, RFC 7515), taken apart and not yet believed.
struct Jwt {
    std::string text;
    std::string algorithm;  ///< of its header
    std::string key_id;     ///< kid of its header; may be empty
    nlohmann::json claims;  ///< an object

    /// A claim that is a string, or empty.
    [[nodiscard]] std::string text_claim(const char* name) const;
};

/// At most 8 KiB, three parts in base64url, header and claims JSON objects, nothing in the header
/// that must be understood ("crit"). `unauthenticated`/"invalid_token".
[[nodiscard]] Result<Jwt> parse_jwt(std::string_view text);

/// Public keys of a signer (JWKS, RFC 7517): RSA from 2,048 bits on, and the NIST curves.
/// Immutable, thread-safe.
class KeySet {
  public:
    /// Keys of other kinds or uses are left out. `invalid_input`/"invalid_keys" when the text is no
    /// JWKS or nothing is left.
    [[nodiscard]] static Result<std::shared_ptr<const KeySet>> parse(std::string_view json);

    /// Whether a key of that id is there; the empty id stands for any.
    [[nodiscard]] bool has(std::string_view key_id) const;

    /// Checks the signature with the keys that fit its key id and algorithm. The algorithm must be
    /// one of `algorithms`, which hold public-key algorithms only, so neither "none" nor an HMAC
    /// keyed with a public key can pass. `unauthenticated`/"invalid_token".
    [[nodiscard]] Status verify(const Jwt& jwt, const std::vector<std::string>& algorithms) const;

  private:
    struct Key {
        std::string id;
        std::string type;   ///< "RSA" or "EC"
        std::string curve;  ///< of EC
        std::string algorithm;
        std::string json;
    };
    std::vector<Key> keys_;
};

/// The signature algorithms that can be taken at all.
[[nodiscard]] const std::vector<std::string>& public_key_algorithms();

/// exp (which must be there), nbf and iat against the clock, which may differ by a minute.
[[nodiscard]] Status check_times(const Jwt& jwt, Time now);

/// aud is this text or a list that has it.
[[nodiscard]] bool is_for(const Jwt& jwt, std::string_view audience);

}  // namespace bascule::portal
