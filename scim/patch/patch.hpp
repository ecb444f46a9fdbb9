#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "scim/filter/filter.hpp"
#include "scim/profile/client_profile.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// A change to an edge attribute (members, manager), in request order. Carried out by the store as
/// set operations, never as a rewritten list.
struct EdgeChange {
    enum class Action { add, remove, replace, clear };
    Action action = Action::add;
    directory::EdgeKind kind = directory::EdgeKind::member;
    std::vector<std::string> targets;  ///< object ids as text; for clear none
};

struct PatchOutcome {
    std::string body;  ///< canonical document after all operations; equal to the one before when
                       ///< nothing changed
    std::vector<EdgeChange> edges;
    std::optional<Secret> password;
    std::vector<std::string> ignored;  ///< names that the type does not have
};

/// Applies a PatchOp message (RFC 7644 section 3.5.2, spec'd checks 82 to 119) to a stored body,
/// all or nothing, as far as the client's profile goes: path-less values with nested, flattened-URN
/// and dotted keys; member removal by value list and by value filter. Errors: `invalid_syntax`,
/// `invalid_path`, `invalid_filter`, `no_target`, `invalid_value`, `mutability`.
[[nodiscard]] Result<PatchOutcome> apply_patch(
    const nlohmann::ordered_json& message, std::string_view body, const SchemaRegistry& schemas,
    const ResourceType& type, const directory::Registry& registry,
    const ClientProfile& profile = lenient_profile()
);

}  // namespace bascule::scim
