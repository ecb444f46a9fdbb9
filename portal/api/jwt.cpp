#include "portal/api/jwt.hpp"

#include <cjose/cjose.h>

#include <algorithm>
#include <utility>

#include "selfservice/secret_token.hpp"

namespace bascule::portal {
namespace {

using nlohmann::json;

constexpr std::size_t longest_token = std::size_t{8} << 10;
constexpr std::size_t most_keys = 100;
constexpr std::size_t least_rsa_bits = 2048;
constexpr double skew_seconds = 60;

tl::unexpected<Error> invalid(const char* why) {
    return fail(
        ErrorKind::unauthenticated, "invalid_token", std::string("The token is not taken: ") + why
    );
}

struct Release {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
    void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using JwkPointer = std::unique_ptr<cjose_jwk_t, Release>;
using JwsPointer = std::unique_ptr<cjose_jws_t, Release>;

std::string text_member(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<json> object_in(std::string_view part) {
    const auto text = selfservice::from_base64url(part);
    if (!text) {
        return std::nullopt;
    }
    json value = json::parse(*text, nullptr, false);
    return value.is_object() ? std::optional<json>(std::move(value)) : std::nullopt;
}

JwkPointer import_key(const std::string& text) {
    cjose_err error{};
    return JwkPointer(cjose_jwk_import(text.data(), text.size(), &error));
}

/// The kind of key that an algorithm needs, and the curve where it names one (RFC 7518 section 3).
std::pair<std::string_view, std::string_view> needs(std::string_view algorithm) {
    if (algorithm == "ES256") {
        return {"EC", "P-256"};
    }
    if (algorithm == "ES384") {
        return {"EC", "P-384"};
    }
    if (algorithm == "ES512") {
        return {"EC", "P-521"};
    }
    return {"RSA", ""};
}

bool is_signed_by(const Jwt& jwt, const std::string& key_text) {
    // Each check has a key object of its own: the library's count of users is not for threads.
    const JwkPointer key = import_key(key_text);
    cjose_err error{};
    const JwsPointer jws(cjose_jws_import(jwt.text.data(), jwt.text.size(), &error));
    if (!key || !jws) {
        return false;
    }
    // What the library reads as the algorithm must be what was looked at here.
    const char* algorithm = cjose_header_get(cjose_jws_get_protected(jws.get()), "alg", &error);
    return algorithm != nullptr && algorithm == jwt.algorithm &&
           cjose_jws_verify(jws.get(), key.get(), &error);
}

std::optional<double> number_claim(const Jwt& jwt, const char* name) {
    const auto found = jwt.claims.find(name);
    return found != jwt.claims.end() && found->is_number() ? std::optional(found->get<double>())
                                                           : std::nullopt;
}

}  // namespace

std::string Jwt::text_claim(const char* name) const {
    return text_member(claims, name);
}

Result<Jwt> parse_jwt(std::string_view text) {
    const std::size_t first = text.find('.');
    const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (text.size() > longest_token || second == std::string_view::npos ||
        text.find('.', second + 1) != std::string_view::npos) {
        return invalid("it is no signed token.");
    }
    const auto header = object_in(text.substr(0, first));
    auto claims = object_in(text.substr(first + 1, second - first - 1));
    const auto signature = selfservice::from_base64url(text.substr(second + 1));
    if (!header || !claims || !signature || signature->empty()) {
        return invalid("it is damaged.");
    }
    if (header->contains("crit") || header->contains("b64")) {
        return invalid("its header asks for what is not known here.");
    }
    Jwt jwt;
    jwt.text = text;
    jwt.algorithm = text_member(*header, "alg");
    jwt.key_id = text_member(*header, "kid");
    jwt.claims = *std::move(claims);
    return jwt;
}

Result<std::shared_ptr<const KeySet>> KeySet::parse(std::string_view text) {
    const json document = json::parse(text, nullptr, false);
    auto set = std::make_shared<KeySet>();
    const json keys = document.is_object() ? document.value("keys", json()) : json();
    for (const json& entry : keys.is_array() ? keys : json::array()) {
        if (!entry.is_object() || set->keys_.size() >= most_keys ||
            text_member(entry, "use") == "enc") {
            continue;
        }
        Key key{
            text_member(entry, "kid"), text_member(entry, "kty"), text_member(entry, "crv"),
            text_member(entry, "alg"), entry.dump()};
        const JwkPointer imported =
            key.type == "RSA" || key.type == "EC" ? import_key(key.json) : JwkPointer();
        cjose_err error{};
        const bool usable =
            imported &&
            (key.type == "EC" || cjose_jwk_get_keysize(imported.get(), &error) >= least_rsa_bits);
        if (usable) {
            set->keys_.push_back(std::move(key));
        }
    }
    if (set->keys_.empty()) {
        return fail(
            ErrorKind::invalid_input, "invalid_keys",
            "This is no set of public keys (JWKS) with an RSA key of 2048 bits or more, or one on "
            "the curve P-256, P-384 or P-521."
        );
    }
    return std::shared_ptr<const KeySet>(std::move(set));
}

bool KeySet::has(std::string_view key_id) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) {
        return key_id.empty() || key.id == key_id;
    });
}

Status KeySet::verify(const Jwt& jwt, const std::vector<std::string>& algorithms) const {
    const auto& known = public_key_algorithms();
    const auto holds = [&](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), jwt.algorithm) != list.end();
    };
    if (!holds(known) || !holds(algorithms)) {
        return invalid("its signature algorithm is not allowed.");
    }
    const auto [type, curve] = needs(jwt.algorithm);
    for (const Key& key : keys_) {
        const bool fits = key.type == type && (curve.empty() || key.curve == curve) &&
                          (jwt.key_id.empty() || key.id == jwt.key_id) &&
                          (key.algorithm.empty() || key.algorithm == jwt.algorithm);
        if (fits && is_signed_by(jwt, key.json)) {
            return {};
        }
    }
    return invalid("no known key has signed it.");
}

const std::vector<std::string>& public_key_algorithms() {
    static const std::vector<std::string> all{"RS256", "RS384", "RS512", "PS256", "PS384",
                                              "PS512", "ES256", "ES384", "ES512"};
    return all;
}

Status check_times(const Jwt& jwt, Time now) {
    const double present = std::chrono::duration<double>(now.time_since_epoch()).count();
    const auto end = number_claim(jwt, "exp");
    if (!end || !(*end + skew_seconds > present)) {
        return invalid("it is expired, or has no end.");
    }
    for (const char* const name : {"nbf", "iat"}) {
        const auto start = number_claim(jwt, name);
        if (jwt.claims.contains(name) && !(start && *start - skew_seconds <= present)) {
            return invalid("it is not valid yet.");
        }
    }
    return {};
}

bool is_for(const Jwt& jwt, std::string_view audience) {
    const auto found = jwt.claims.find("aud");
    if (found == jwt.claims.end()) {
        return false;
    }
    const auto is_it = [&](const json& value) {
        return value.is_string() && value.get_ref<const std::string&>() == audience;
    };
    return is_it(*found) || (found->is_array() && std::any_of(found->begin(), found->end(), is_it));
}

}  // namespace bascule::portal
