#pragma once

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// POST /Bulk (RFC 7644 section 3.7). The answer is 200 whenever the operations were run, whatever
/// became of each; `too_large`, `invalid_syntax` and `invalid_value` concern the message as a whole
/// and leave everything as it was. With `Prefer: return=representation` the results hold the
/// resources.
[[nodiscard]] Result<http::Response> run_bulk_request(const Engine& engine, const Call& call);

}  // namespace bascule::scim
