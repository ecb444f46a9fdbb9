#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/ports/clock.hpp"
#include "portal/api/jwt.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::portal {

/// Somebody else whose signed tokens clients may show.
struct Issuer {
    std::string name;
    std::string issuer;    ///< iss, exactly
    std::string audience;  ///< aud, exactly
    std::vector<std::string> algorithms;
    std::string client_claim;  ///< which claim names the client
    std::string user_claim;    ///< which names the user it acts for; empty: none does
    std::chrono::milliseconds refresh{};
    std::chrono::milliseconds retry{};
    std::function<Result<std::string>()> fetch_keys;  ///< the JWKS; bounded in time and size
};

/// The keys of one issuer as they were fetched last. They are fetched when first needed, when they
/// are older than `refresh` and when a token names a key that is not there, but never twice within
/// `retry`; while that fails the last good ones stay. Thread-safe.
class IssuerKeys {
  public:
    IssuerKeys(const Issuer& issuer, const directory::Clock& clock)
        : issuer_(issuer), clock_(clock) {}

    /// May fetch, so it may block; who finds another thread fetching goes on with what there is.
    /// Null when there were never any.
    [[nodiscard]] std::shared_ptr<const KeySet> for_key(std::string_view key_id);

  private:
    struct State {
        std::shared_ptr<const KeySet> keys;
        std::optional<Time> fetched;
        std::optional<Time> tried;
    };
    [[nodiscard]] State state() const;
    [[nodiscard]] bool is_due(const State& state, std::string_view key_id) const;
    void fetch();

    const Issuer& issuer_;
    const directory::Clock& clock_;
    std::mutex fetching_;
    mutable std::mutex mutex_;
    State state_;
};

/// Finds the client behind a token of another issuer (RFC 7519; RFC 9068 in spirit). Thread-safe.
class Issuers {
  public:
    Issuers(
        std::vector<Issuer> issuers, selfservice::TokenService& clients,
        const directory::Clock& clock
    );

    /// The client whose subject is "<issuer's name>:<claim>", acting for the user whom the token
    /// names. `unauthenticated`/"invalid_token";
    /// `unavailable`/"issuer_keys_unavailable" when the issuer's keys were never read.
    [[nodiscard]] Result<selfservice::Token> verify(std::string_view text);

    [[nodiscard]] bool empty() const { return entries_.empty(); }

  private:
    /// For whom the token says that the client acts.
    [[nodiscard]] Status note_user(const Issuer& issuer, const Jwt& jwt, selfservice::Token& client)
        const;
    struct Entry {
        explicit Entry(Issuer of, const directory::Clock& clock)
            : issuer(std::move(of)), keys(issuer, clock) {}
        Issuer issuer;
        IssuerKeys keys;
    };
    std::vector<std::unique_ptr<Entry>> entries_;
    selfservice::TokenService& clients_;
    const directory::Clock& clock_;
};

}  // namespace bascule::portal
