#pragma once

#include <nlohmann/json_fwd.hpp>

#include "directory/base/result.hpp"
#include "scim/filter/filter.hpp"
#include "scim/profile/client_profile.hpp"

namespace bascule::scim {

enum class PatchKind { add, remove, replace };

/// What one operation makes of the value of a stored attribute (RFC 7644 sections 3.5.2.1
/// to 3.5.2.3). `before` and the result are the whole attribute, null when unassigned; `value` is
/// null for a missing one. Errors: `no_target`, `invalid_value`, `mutability`.
[[nodiscard]] Result<nlohmann::ordered_json> patched_value(
    PatchKind kind, const PatchPath& path, const nlohmann::ordered_json& before,
    const nlohmann::ordered_json* value, const ClientProfile& profile
);

}  // namespace bascule::scim
