#pragma once

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// GET /Me (RFC 7644 section 3.11): the user who is signed in, at the permanent URI. A program is
/// no user: `not_found`.
[[nodiscard]] Result<http::Response> get_me(const Engine& engine, const Call& call);

/// Any change of /Me. What people may change of themselves has endpoints of its own, so this is
/// always refused: `forbidden`/"read_only_profile", for programs `not_found`.
[[nodiscard]] Result<http::Response> refuse_change_of_me(const Engine& engine, const Call& call);

}  // namespace bascule::scim
