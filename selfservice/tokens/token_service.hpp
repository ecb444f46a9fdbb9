#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
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
#include "selfservice/tokens/token.hpp"
#include "selfservice/tokens/use_notes.hpp"

namespace bascule::selfservice {

/// Keeps the clients and finds out which one calls. A secret is "bsc_" and 256 random bits, stored
/// as a keyed hash; a client has one, or two while it changes from the old one to the new.
/// Thread-safe.
class TokenService {
  public:
    /// `key` of the installation: what is stored is of use with it only.
    TokenService(directory::Store& store, const directory::Clock& clock, Secret key = {});

    struct Created {
        Secret secret;  ///< shown once; empty for a client without one
        Token token;
    };
    enum class WithSecret { yes, no };
    /// `invalid_input`: those of check_settings(), "already_expired"; `conflict`/"name_in_use",
    /// "identity_in_use" (a certificate's name or a subject is another client's).
    [[nodiscard]] Result<Created> create(
        TokenSettings settings, const access::Caller& by, WithSecret with_secret = WithSecret::yes
    );
    /// The same with a name, scopes and an end alone.
    [[nodiscard]] Result<Created> create(
        std::string_view name, std::vector<std::string> scopes, std::optional<Time> expires,
        const access::Caller& by
    );
    [[nodiscard]] Result<std::vector<Token>> list();
    /// By name or id, as all below. Counts from the next request on, also for access tokens.
    /// `not_found` when there is none.
    [[nodiscard]] Status revoke(std::string_view name_or_id, const access::Caller& by);

    /// Changes what an operator decides; the name stays. `change` gets the present settings.
    [[nodiscard]] Result<Token> set(
        std::string_view name_or_id, const std::function<void(TokenSettings&)>& change,
        const access::Caller& by
    );
    /// Gives the client another secret. The present one lives on for `overlap`, zero ends it and
    /// every access token at once; the one before that ends in any case.
    [[nodiscard]] Result<Created> rotate(
        std::string_view name_or_id, std::chrono::seconds overlap, const access::Caller& by
    );
    /// Ends the old secret before its time. `not_found`/"no_old_secret" when only one lives.
    [[nodiscard]] Status end_old_secret(std::string_view name_or_id, const access::Caller& by);

    /// The client behind a secret; `unauthenticated`/"invalid_token" when unknown, revoked or
    /// expired. Answers from memory when the same secret was checked against the store within the
    /// last seconds.
    [[nodiscard]] Result<Token> verify(std::string_view secret);
    /// The client that signs on in another way, under the same terms: by its id, by its name or id
    /// as text, by a certificate's name, by the subject of a foreign issuer.
    [[nodiscard]] Result<Token> find(const Uuid& id);
    [[nodiscard]] Result<Token> find_named(std::string_view name_or_id);
    [[nodiscard]] Result<Token> find_by_certificate(const std::vector<std::string>& names);
    [[nodiscard]] Result<Token> find_by_subject(std::string_view subject);

    /// The client of that name or id, under the same terms; no sign-on, so its last use stays.
    [[nodiscard]] Result<Token> look_up(std::string_view name_or_id);

    /// The active user with that userName, for whom a client may act; `invalid_input`/
    /// "unknown_user".
    [[nodiscard]] Result<Uuid> find_user(std::string_view user_name);

    /// Drops what is remembered of earlier checks, for changes that came another way.
    void forget_verified();

    /// Every scope that a client may have.
    [[nodiscard]] std::vector<std::string> known_scopes() const {
        return selfservice::known_scopes(store_.registry());
    }

    /// Whether the text has the form of a secret of ours.
    [[nodiscard]] static bool is_secret(std::string_view text);

  private:
    struct Verified {
        Token token;
        std::optional<Time> ends;  ///< of the secret
        Time checked;
    };
    using Find = std::function<Result<std::optional<directory::Object>>(directory::Reader&)>;
    /// `hash` of the secret; empty when another proof was given.
    [[nodiscard]] Result<Token> remembered(
        const std::string& key, const std::string& hash, const Find& find
    );
    [[nodiscard]] Result<Verified> load(const Find& find, const std::string& hash);
    [[nodiscard]] Result<Token> find_by(
        std::string_view kind, directory::AttributeId attribute, std::string_view value
    );
    [[nodiscard]] Result<directory::Object> object_named(
        directory::Reader& reader, std::string_view name_or_id
    ) const;
    [[nodiscard]] Result<std::optional<directory::Object>> first(
        directory::Reader& reader, directory::AttributeId attribute, std::string_view value
    ) const;
    [[nodiscard]] Status store(
        directory::Transaction& transaction, const directory::Object& object, const Token& token,
        const SecretHashes& hashes
    ) const;
    /// Sets the last use, which reaches the store a little later.
    void note_use(Token& token, Time now);
    void write_uses(const UseNotes::Notes& notes);

    directory::Store& store_;
    const directory::Clock& clock_;
    Secret key_;
    directory::TypeId type_;
    directory::AttributeId hash_attribute_;
    directory::AttributeId old_hash_attribute_;
    directory::AttributeId name_attribute_;
    directory::AttributeId certificate_attribute_;
    directory::AttributeId subject_attribute_;
    std::shared_mutex mutex_;
    std::unordered_map<std::string, Verified> verified_;
    std::uint64_t generation_ = 0;  ///< rises when the memory is dropped
    UseNotes use_notes_;            ///< last: it writes through what is above
};

}  // namespace bascule::selfservice
