#pragma once

#include <string_view>

#include "directory/access/caller.hpp"
#include "directory/access/rate_limiter.hpp"
#include "directory/base/result.hpp"
#include "http/api/message.hpp"
#include "portal/api/issuers.hpp"
#include "selfservice/signins/session_service.hpp"
#include "selfservice/tokens/access_tokens.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::portal {

/// The cookie of a browser session. The prefix makes browsers insist on Secure, Path=/ and no
/// Domain (RFC 6265bis).
inline constexpr std::string_view session_cookie = "__Host-bascule";

/// The ways of signing on besides a secret of ours; null ones are not offered.
struct SignOn {
    const selfservice::AccessTokens* access_tokens = nullptr;
    Issuers* issuers = nullptr;
    access::RateLimiter* limits = nullptr;
};

/// Finds out who calls: a program with a bearer token (RFC 6750) or a certificate, or a person with
/// a session cookie. Counts the requests of programs. Thread-safe.
class CallerAuthenticator {
  public:
    /// All services outlive the authenticator.
    CallerAuthenticator(
        selfservice::SessionService& sessions, selfservice::TokenService& tokens,
        SignOn sign_on = {}
    )
        : sessions_(sessions), tokens_(tokens), sign_on_(sign_on) {}

    /// Whom to let through whose password must be changed first.
    enum class Admit { full_sessions, must_change_too };

    /// A token wins over a cookie, a cookie over a certificate. Errors:
    /// `unauthenticated`/"no_session" or "invalid_token"; `forbidden`/"password_change_required";
    /// for cookies those of check_same_site.
    [[nodiscard]] Result<access::Caller> authenticate(
        const http::Request& request, const http::RequestContext& context,
        Admit admit = Admit::full_sessions
    ) const;

    /// Programs only: bearer tokens and certificates, no cookies (SCIM). Also
    /// `rate_limited`/"too_many_requests".
    [[nodiscard]] Result<access::Caller> authenticate_token(
        const http::Request& request, const http::RequestContext& context
    ) const;

  private:
    [[nodiscard]] Result<selfservice::Token> client_of(std::string_view authorization) const;
    /// The client as a caller, when its limits admit the request.
    [[nodiscard]] Result<access::Caller> admit(
        selfservice::Token client, const http::Request& request, const http::RequestContext& context
    ) const;

    selfservice::SessionService& sessions_;
    selfservice::TokenService& tokens_;
    SignOn sign_on_;
};

/// The value of the session cookie in a request, or empty.
[[nodiscard]] std::string_view session_token_of(const http::Request& request);

/// Protects browsers from foreign pages: a request that changes something needs `X-Bascule-Request:
/// 1`, JSON as type of a body, and Sec-Fetch-Site: same-origin when the browser sends it.
/// `forbidden`/"cross_site_request".
[[nodiscard]] Status check_same_site(const http::Request& request);

}  // namespace bascule::portal
