#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "directory/base/result.hpp"
#include "directory/ports/clock.hpp"
#include "http/api/message.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::portal {

/// How a client proves itself at the token endpoint: its secret in the Authorization header
/// (client_secret_basic) or the form (client_secret_post, RFC 6749 section 2.3.1), or an assertion
/// signed with its key (private_key_jwt, RFC 7523). Thread-safe.
class ClientAuthentication {
  public:
    /// `url` of the server and `endpoint` of the tokens are the audiences of assertions.
    ClientAuthentication(
        selfservice::TokenService& clients, const directory::Clock& clock, std::string url,
        std::string endpoint
    );

    /// `unauthenticated`/"invalid_client"; `invalid_input`/"invalid_request" for none or more than
    /// one proof.
    [[nodiscard]] Result<selfservice::Token> authenticate(
        const http::Request& request, const http::QueryParameters& form
    );

    /// The client that the request says it comes from, proved or not; for counting guesses.
    [[nodiscard]] static std::string claimed_name(
        const http::Request& request, const http::QueryParameters& form
    );

  private:
    [[nodiscard]] Result<selfservice::Token> by_secret(
        const std::string& name, const std::string& secret
    );
    [[nodiscard]] Result<selfservice::Token> by_assertion(const http::QueryParameters& form);
    /// False when the assertion was used before.
    [[nodiscard]] bool remember(const std::string& assertion_id, Time end);

    selfservice::TokenService& clients_;
    const directory::Clock& clock_;
    std::string url_;
    std::string endpoint_;
    std::mutex mutex_;
    std::unordered_map<std::string, Time> used_;
};

}  // namespace bascule::portal
