#include "signer.hpp"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "selfservice/secret_token.hpp"

namespace bascule::test {

using Json = nlohmann::json;

Signer::Signer(Kind kind, const std::string& key_id) : key_id_(key_id) {
    cjose_err error{};
    const std::string exponent{"\x01\x00\x01", 3};
    key_.reset(
        kind == Kind::rsa ? cjose_jwk_create_RSA_random(
                                2048, reinterpret_cast<const std::uint8_t*>(exponent.data()),
                                exponent.size(), &error
                            )
                          : cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error)
    );
    if (!key_ || !cjose_jwk_set_kid(key_.get(), key_id.data(), key_id.size(), &error)) {
        throw std::runtime_error("cannot make a key");
    }
}

Json Signer::public_key() const {
    cjose_err error{};
    const std::unique_ptr<char, decltype(&std::free)> text(
        cjose_jwk_to_json(key_.get(), false, &error), &std::free
    );
    return Json::parse(text.get());
}

std::string Signer::sign(const std::string& algorithm, const Json& claims) const {
    cjose_err error{};
    cjose_header_t* header = cjose_header_new(&error);
    const std::string payload = claims.dump();
    const char* text = nullptr;
    cjose_header_set(header, CJOSE_HDR_ALG, algorithm.c_str(), &error);
    cjose_header_set(header, CJOSE_HDR_KID, key_id_.c_str(), &error);
    cjose_jws_t* jws = cjose_jws_sign(
        key_.get(), header, reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(),
        &error
    );
    cjose_header_release(header);
    if (jws == nullptr || !cjose_jws_export(jws, &text, &error)) {
        throw std::runtime_error("cannot sign with " + algorithm);
    }
    const std::string token(text);
    cjose_jws_release(jws);
    return token;
}

std::string key_set(const std::vector<const Signer*>& signers) {
    Json keys = Json::array();
    for (const Signer* signer : signers) {
        keys.push_back(signer->public_key());
    }
    return Json{{"keys", keys}}.dump();
}

std::string signed_part(const Json& header, const Json& claims) {
    return selfservice::base64url(header.dump()) + "." + selfservice::base64url(claims.dump());
}

std::string forged_token(const Json& header, const Json& claims, const std::string& signature) {
    return signed_part(header, claims) + "." + selfservice::base64url(signature);
}

long seconds_from_now(long after) {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch()
           )
               .count() +
           after;
}

}  // namespace bascule::test
