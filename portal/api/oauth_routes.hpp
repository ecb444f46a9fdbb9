#pragma once

#include <chrono>
#include <string>

#include "http/api/router.hpp"
#include "portal/api/client_authentication.hpp"
#include "selfservice/signins/throttle.hpp"
#include "selfservice/tokens/access_tokens.hpp"

namespace bascule::portal {

/// What the token endpoint works with; everything outlives the router.
struct OAuthServices {
    ClientAuthentication& clients;
    const selfservice::TokenService& registered;  ///< the clients there are
    selfservice::AccessTokens& tokens;
    selfservice::SignInThrottle& throttle;
    std::string public_url;  ///< without a slash at the end; the issuer
    std::chrono::seconds lifetime{3600};
};

/// `POST /oauth2/token`: client credentials (RFC 6749 section 4.4), errors by section 5.2; and the
/// server's metadata (RFC 8414) at /.well-known/oauth-authorization-server.
[[nodiscard]] Status add_oauth_routes(http::Router& router, const OAuthServices& services);

}  // namespace bascule::portal
