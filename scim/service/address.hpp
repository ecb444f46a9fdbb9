#pragma once

#include <string_view>

#include "http/api/router.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// Below which SCIM 2.0 is served.
inline constexpr std::string_view root = "/scim/v2";

/// `not_found`: there is no endpoint at the request's path.
[[nodiscard]] Error no_endpoint(const http::Request& request);

/// RFC 7644 has endpoints in one spelling, without a slash at the end; what else is taken is for
/// the client's profile to say.
[[nodiscard]] Status check_spelling(const TypeView& view, const Call& call);

/// Answers what no endpoint does: OPTIONS, wrong methods (405 with Allow), unknown paths (404).
/// `known` has the paths and methods that are served.
[[nodiscard]] http::Response answer_remaining(
    const http::Router& known, const http::Request& request, const http::RequestContext& context
);

}  // namespace bascule::scim
