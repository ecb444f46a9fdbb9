#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "directory/base/result.hpp"
#include "scim/patch/attribute_patch.hpp"

namespace bascule::scim {

/// A member by its name without case, or null.
[[nodiscard]] const nlohmann::ordered_json* member(
    const nlohmann::ordered_json& object, std::string_view name
);

/// The kind that a member `op` names, in any case. Errors: `invalid_syntax`.
[[nodiscard]] Result<PatchKind> kind_of(const nlohmann::ordered_json* op);

/// The frame of a PatchOp message (RFC 7644 section 3.5.2): its schema and its list of operations.
/// Errors: `invalid_syntax`, `too_large`.
[[nodiscard]] Status check_message(const nlohmann::ordered_json& message);

}  // namespace bascule::scim
