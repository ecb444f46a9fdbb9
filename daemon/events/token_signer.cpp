#include "daemon/events/token_signer.hpp"

#include <cjose/cjose.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "directory/base/private_file.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(BIGNUM* number) const { BN_clear_free(number); }
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
    void operator()(cjose_header_t* header) const { cjose_header_release(header); }
    void operator()(cjose_jws_t* token) const { cjose_jws_release(token); }
    void operator()(char* text) const { std::free(text); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

tl::unexpected<Error> unusable(const std::string& why) {
    return fail(
        ErrorKind::invalid_input, "signing_key_unusable",
        "The signing key of events cannot be used: " + why +
            ". It must be a P-256 key or an RSA key of at least 2048 bits, in PEM without a "
            "passphrase."
    );
}

/// Big-endian bytes of one part of a key.
std::string part_of(EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
        return {};
    }
    const Owned<BIGNUM> owned(number);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    return bytes;
}

std::uint8_t* bytes_of(std::string& text) {
    return reinterpret_cast<std::uint8_t*>(text.data());
}

cjose_jwk_t* make_ec(EVP_PKEY* key) {
    std::string d = part_of(key, OSSL_PKEY_PARAM_PRIV_KEY);
    std::string x = part_of(key, OSSL_PKEY_PARAM_EC_PUB_X);
    std::string y = part_of(key, OSSL_PKEY_PARAM_EC_PUB_Y);
    cjose_jwk_ec_keyspec spec{};
    spec.crv = CJOSE_JWK_EC_P_256;
    spec.d = bytes_of(d);
    spec.dlen = d.size();
    spec.x = bytes_of(x);
    spec.xlen = x.size();
    spec.y = bytes_of(y);
    spec.ylen = y.size();
    cjose_jwk_t* const made = cjose_jwk_create_EC_spec(&spec, nullptr);
    wipe(d);
    return made;
}

cjose_jwk_t* make_rsa(EVP_PKEY* key) {
    std::string n = part_of(key, OSSL_PKEY_PARAM_RSA_N);
    std::string e = part_of(key, OSSL_PKEY_PARAM_RSA_E);
    std::string d = part_of(key, OSSL_PKEY_PARAM_RSA_D);
    cjose_jwk_rsa_keyspec spec{};
    spec.n = bytes_of(n);
    spec.nlen = n.size();
    spec.e = bytes_of(e);
    spec.elen = e.size();
    spec.d = bytes_of(d);
    spec.dlen = d.size();
    cjose_jwk_t* const made = cjose_jwk_create_RSA_spec(&spec, nullptr);
    wipe(d);
    return made;
}

bool is_p256(EVP_PKEY* key) {
    char name[64] = {};
    std::size_t size = 0;
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, name, sizeof name, &size) == 1 &&
           (std::string_view(name) == "prime256v1" || std::string_view(name) == "P-256");
}

bool is_rsa(EVP_PKEY* key) {
    constexpr int least_bits = 2048;
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= least_bits;
}

std::string base64url(std::string_view bytes) {
    char* text = nullptr;
    std::size_t size = 0;
    cjose_err error{};
    const bool encoded = cjose_base64url_encode(
        reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &text, &size, &error
    );
    if (!encoded) {
        return {};
    }
    const Owned<char> owned(text);
    return {text, size};
}

/// RFC 7638: SHA-256 over the required members in the order of their names, without spaces.
std::string thumbprint(const json& key) {
    json required;
    for (const char* const name : {"crv", "e", "kty", "n", "x", "y"}) {
        if (key.contains(name)) {
            required[name] = key[name];
        }
    }
    const std::string text = required.dump();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
    return base64url({reinterpret_cast<const char*>(digest), size});
}

Result<std::string> read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(
            ErrorKind::unavailable, "signing_key_unusable",
            "The signing key of events, " + path + ", cannot be read: " + std::strerror(errno) + "."
        );
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Status make_key(const std::string& path) {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<BIO> bio(BIO_new(BIO_s_secmem()));
    if (!key || !bio ||
        PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
            1) {
        return fail(
            ErrorKind::internal, "signing_key_unusable", "No signing key of events could be made."
        );
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    const Status written = write_private_file(path, {text, static_cast<std::size_t>(size)});
    return written ? Status{}
                   : Status(fail(
                         ErrorKind::unavailable, "signing_key_unusable",
                         "The signing key of events, " + path +
                             ", cannot be written: " + written.error().detail + "."
                     ));
}

}  // namespace

struct TokenSigner::Key {
    std::mutex mutex;  ///< the library counts references without one
    Owned<cjose_jwk_t> key;
    Owned<cjose_header_t> header;
};

TokenSigner::TokenSigner() : key_(std::make_unique<Key>()) {}
TokenSigner::~TokenSigner() = default;

Result<std::unique_ptr<TokenSigner>> TokenSigner::from_pem(const Secret& pem) {
    const std::string_view text = pem.reveal();
    const Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    // No passphrase is asked for: the daemon has no terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return 0; };
    const Owned<EVP_PKEY> pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (!pkey) {
        return unusable("it holds no private key that can be read");
    }
    const bool elliptic = is_p256(pkey.get());
    if (!elliptic && !is_rsa(pkey.get())) {
        return unusable("it is of another kind");
    }
    std::unique_ptr<TokenSigner> signer(new TokenSigner());
    signer->key_->key.reset(elliptic ? make_ec(pkey.get()) : make_rsa(pkey.get()));
    if (!signer->key_->key) {
        return unusable("it is damaged");
    }
    const Owned<char> public_text(cjose_jwk_to_json(signer->key_->key.get(), false, nullptr));
    json jwk = json::parse(public_text.get());
    const std::string kid = thumbprint(jwk);
    const char* const algorithm = elliptic ? CJOSE_HDR_ALG_ES256 : CJOSE_HDR_ALG_RS256;
    jwk["kid"] = kid;
    jwk["use"] = "sig";
    jwk["alg"] = algorithm;
    signer->public_keys_ = json{{"keys", json::array({jwk})}}.dump();
    signer->key_->header.reset(cjose_header_new(nullptr));
    cjose_header_t* const header = signer->key_->header.get();
    const bool complete = header != nullptr &&
                          cjose_header_set(header, CJOSE_HDR_ALG, algorithm, nullptr) &&
                          cjose_header_set(header, "typ", "secevent+jwt", nullptr) &&
                          cjose_header_set(header, CJOSE_HDR_KID, kid.c_str(), nullptr);
    if (!complete) {
        return unusable("it cannot be named");
    }
    return signer;
}

Result<std::unique_ptr<TokenSigner>> TokenSigner::from_file(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0 && errno == ENOENT) {
        BASCULE_CHECK(make_key(path));
    }
    BASCULE_TRY(std::string text, read_whole(path));
    return from_pem(Secret(std::move(text)));
}

Result<std::string> TokenSigner::sign(std::string_view claims) const {
    cjose_err error{};
    const std::lock_guard lock(key_->mutex);
    const Owned<cjose_jws_t> token(cjose_jws_sign(
        key_->key.get(), key_->header.get(), reinterpret_cast<const std::uint8_t*>(claims.data()),
        claims.size(), &error
    ));
    const char* text = nullptr;
    if (!token || !cjose_jws_export(token.get(), &text, &error)) {
        return fail(Error{
            ErrorKind::internal,
            "signing_failed",
            "A security event token could not be signed.",
            {},
            error.message == nullptr ? "" : error.message});
    }
    return std::string(text);
}

}  // namespace bascule::daemon
