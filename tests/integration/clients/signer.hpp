#pragma once

#include <cjose/cjose.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace bascule::test {

/// A private key that signs tokens as an issuer or a client would.
class Signer {
  public:
    enum class Kind { rsa, p256 };
    Signer(Kind kind, const std::string& key_id);

    /// The public key as a member of "keys".
    [[nodiscard]] nlohmann::json public_key() const;
    /// A signed token in compact form.
    [[nodiscard]] std::string sign(const std::string& algorithm, const nlohmann::json& claims)
        const;

  private:
    struct Release {
        void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
    };
    std::string key_id_;
    std::unique_ptr<cjose_jwk_t, Release> key_;
};

/// {"keys":[…]} as text.
std::string key_set(const std::vector<const Signer*>& signers);

/// A token with any header and signature: what an attacker would make.
std::string forged_token(
    const nlohmann::json& header, const nlohmann::json& claims, const std::string& signature
);
/// The two parts that are signed.
std::string signed_part(const nlohmann::json& header, const nlohmann::json& claims);

/// Seconds since the epoch, `after` from now.
long seconds_from_now(long after);

}  // namespace bascule::test
