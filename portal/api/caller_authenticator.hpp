#pragma once

#include <string_view>

#include "directory/access/caller.hpp"
#include "directory/base/result.hpp"
#include "http/api/message.hpp"
#include "selfservice/signins/session_service.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::portal {

/// The cookie of a browser session. The prefix makes browsers insist on Secure, Path=/ and no
/// Domain (RFC 6265bis).
inline constexpr std::string_view session_cookie = "__Host-bascule";

/// Finds out who calls: a program with a bearer token (RFC 6750) or a person with a session cookie.
/// Thread-safe.
class CallerAuthenticator {
  public:
    /// Both services outlive the authenticator.
    CallerAuthenticator(selfservice::SessionService& sessions, selfservice::TokenService& tokens)
        : sessions_(sessions), tokens_(tokens) {}

    /// Whom to let through whose password must be changed first.
    enum class Admit { full_sessions, must_change_too };

    /// A token wins over a cookie. Errors: `unauthenticated`/"no_session" or "invalid_token";
    /// `forbidden`/"password_change_required"; for cookies those of check_same_site.
    [[nodiscard]] Result<access::Caller> authenticate(
        const http::Request& request, const http::RequestContext& context,
        Admit admit = Admit::full_sessions
    ) const;

    /// Programs only: bearer tokens, no cookies (SCIM).
    [[nodiscard]] Result<access::Caller> authenticate_token(
        const http::Request& request, const http::RequestContext& context
    ) const;

  private:
    [[nodiscard]] Result<access::Caller> by_token(
        std::string_view authorization, const http::RequestContext& context
    ) const;

    selfservice::SessionService& sessions_;
    selfservice::TokenService& tokens_;
};

/// The value of the session cookie in a request, or empty.
[[nodiscard]] std::string_view session_token_of(const http::Request& request);

/// Protects browsers from foreign pages: a request that changes something needs `X-Bascule-Request:
/// 1`, JSON as type of a body, and Sec-Fetch-Site: same-origin when the browser sends it.
/// `forbidden`/"cross_site_request".
[[nodiscard]] Status check_same_site(const http::Request& request);

}  // namespace bascule::portal
