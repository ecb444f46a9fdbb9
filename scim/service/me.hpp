#pragma once

#include <string>
#include <vector>

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// GET /Me (RFC 7644 section 3.11): the user who is signed in, or for whom a client with `me:read`
/// or `users:read` acts, at the permanent URI. For nobody: `not_found`/"no_user".
[[nodiscard]] Result<http::Response> get_me(const Engine& engine, const Call& call);

/// PUT and PATCH of /Me: people change of themselves what ServiceOptions::own_attributes names, and
/// a client with `me:write` does it for its user, as far as its own rules go. `forbidden`/
/// "insufficient_scope" or "read_only_profile"; otherwise as changing a user.
[[nodiscard]] Result<http::Response> change_me(const Engine& engine, const Call& call);

/// POST and DELETE of /Me: nobody makes or removes himself. `forbidden`/"read_only_profile".
[[nodiscard]] Result<http::Response> refuse_change_of_me(const Engine& engine, const Call& call);

/// Checks what people may change of themselves: attributes of users, and never the password.
/// `invalid_input`/"invalid_own_attribute".
[[nodiscard]] Status check_own_attributes(
    const SchemaRegistry& schemas, const std::vector<std::string>& names
);

}  // namespace bascule::scim
