#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/access/attribute_rules.hpp"
#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/object.hpp"
#include "directory/model/registry.hpp"

namespace bascule::selfservice {

/// What an operator decides about a client.
struct TokenSettings {
    std::string name;  ///< unique; also its OAuth client_id
    std::vector<std::string> scopes;
    std::optional<Time> expires;  ///< of the client as a whole; nothing: it stays
    access::AttributeRules attributes;
    std::string profile;     ///< client profile; empty: the configured one
    std::string rate_class;  ///< limits of requests; empty: "default"
    /// Names in a certificate that sign the client on: "DNS:hr.example.com", "URI:…", "email:…".
    std::vector<std::string> certificates;
    /// Subjects of a foreign issuer that sign the client on: "entra:3f2a…", the issuer's name in
    /// the configuration and the value of its claim.
    std::vector<std::string> subjects;
    std::string keys;  ///< JWKS for private_key_jwt (RFC 7523); compact JSON or empty
    /// For whom it acts at /Me; its sign-on ends when that user is gone or disabled.
    std::optional<Uuid> user;
};

/// A client: a program that calls, known by a bearer token or by the other ways above. Without its
/// secrets.
struct Token : TokenSettings {
    Uuid id;
    Time created;
    std::optional<Time> last_used;        ///< to ten minutes
    bool has_secret = false;              ///< false: signs on without a bearer token of ours
    std::optional<Time> old_secret_ends;  ///< while two secrets live
    Time valid_from;                      ///< access tokens from before are void
    bool narrowed = false;                ///< `scopes` are those of an access token that has fewer
    /// The rules as callers carry them; null when there are none.
    std::shared_ptr<const access::AttributeRules> shared_rules;
};

/// The hashes of a client's secrets.
struct SecretHashes {
    std::string present;  ///< empty: none
    std::string old;      ///< empty: none
};

/// A stored document and what it says.
[[nodiscard]] std::string token_body(const Token& token, const SecretHashes& hashes);
[[nodiscard]] Token token_of(const directory::Object& object);
[[nodiscard]] SecretHashes hashes_of(const directory::Object& object);

/// Every scope there is: those of the product and those of an operator's resource types.
[[nodiscard]] std::vector<std::string> known_scopes(const directory::Registry& registry);

/// What can be said about settings without looking at other clients. `invalid_input`:
/// "invalid_name", "unknown_scope", "invalid_certificate_name", "invalid_subject".
[[nodiscard]] Status check_settings(
    const TokenSettings& settings, const directory::Registry& registry
);

}  // namespace bascule::selfservice
