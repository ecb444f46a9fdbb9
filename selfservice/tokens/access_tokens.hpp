#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/ports/clock.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::selfservice {

/// Makes and checks the short-lived tokens that clients get at the token endpoint: "bsa_", the
/// client's id, times and scopes, and an HMAC over them. Nothing of them is stored, so they survive
/// a restart; they end with their client, with its rotation without overlap and with their time.
/// Thread-safe.
class AccessTokens {
  public:
    AccessTokens(TokenService& clients, const directory::Clock& clock, Secret key);

    /// A token for the client with these scopes, valid for `lifetime`.
    [[nodiscard]] std::string issue(
        const Token& client, const std::vector<std::string>& scopes, std::chrono::seconds lifetime
    ) const;

    /// The client as it is now, with the token's scopes as far as the client still has them.
    /// `unauthenticated`/"invalid_token".
    [[nodiscard]] Result<Token> verify(std::string_view text) const;

    [[nodiscard]] static bool is_access_token(std::string_view text);

  private:
    TokenService& clients_;
    const directory::Clock& clock_;
    Secret key_;
};

/// The scopes that a client asks for (RFC 6749 section 3.3), separated by blanks; all it has when
/// the text is empty. `invalid_input`/"invalid_scope" when it has one of them not.
[[nodiscard]] Result<std::vector<std::string>> narrowed_scopes(
    const Token& client, std::string_view wanted
);

}  // namespace bascule::selfservice
