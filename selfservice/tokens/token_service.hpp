#pragma once

#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "directory/access/caller.hpp"
#include "directory/base/secret.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"

namespace bascule::selfservice {

/// A bearer token of a program, without its secret.
struct Token {
    Uuid id;
    std::string name;
    std::vector<std::string> scopes;
    Time created;
    std::optional<Time> expires;
    std::optional<Time> last_used;  ///< to ten minutes
    std::string profile;            ///< how SCIM treats the client; empty: the default profile
};

/// Makes and checks bearer tokens: "bsc_" and 256 random bits, stored as SHA-256. Thread-safe.
class TokenService {
  public:
    TokenService(directory::Store& store, const directory::Clock& clock);

    struct Created {
        Secret secret;  ///< shown once
        Token token;
    };
    /// `invalid_input`: "invalid_name", "unknown_scope", "already_expired";
    /// `conflict`/"name_in_use". That there is such a profile is for the caller to check.
    [[nodiscard]] Result<Created> create(
        std::string_view name, std::vector<std::string> scopes, std::optional<Time> expires,
        const access::Caller& by, std::string profile = {}
    );
    /// Gives the token, by name or id, another profile. `not_found` when there is none.
    [[nodiscard]] Status set_profile(
        std::string_view name_or_id, std::string profile, const access::Caller& by
    );
    [[nodiscard]] Result<std::vector<Token>> list();
    /// By name or id; counts from the next request on. `not_found` when there is none.
    [[nodiscard]] Status revoke(std::string_view name_or_id, const access::Caller& by);

    /// The token behind a secret; `unauthenticated`/"invalid_token" when unknown, revoked or
    /// expired. Answers from memory when the same secret was checked against the store within the
    /// last seconds.
    [[nodiscard]] Result<Token> verify(std::string_view secret);

    /// Drops what verify() remembers, for changes that came another way.
    void forget_verified();

    /// Every scope there is.
    [[nodiscard]] static const std::vector<std::string>& known_scopes();

  private:
    struct Verified {
        Token token;
        Time checked;
    };
    [[nodiscard]] Result<directory::Object> find(
        directory::Transaction& transaction, std::string_view name_or_id
    ) const;
    [[nodiscard]] Result<Token> load(const std::string& hash);
    void note_use(Token& token, Time now);

    directory::Store& store_;
    const directory::Clock& clock_;
    directory::TypeId type_;
    directory::AttributeId hash_attribute_;
    directory::AttributeId name_attribute_;
    std::shared_mutex mutex_;
    std::unordered_map<std::string, Verified> verified_;
    std::uint64_t generation_ = 0;  ///< rises when the memory is dropped
};

}  // namespace bascule::selfservice
