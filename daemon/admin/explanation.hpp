#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/core.hpp"
#include "daemon/sources.hpp"

namespace bascule::daemon {

/// Why an entry is mirrored the way it is: {"mirrored":…,"lines":[…],…}. `subject` is a DN, an id,
/// a user name or a group's displayName; with `attribute` (a SCIM path) the answer is about that
/// value. `not_found` when no source has seen it.
[[nodiscard]] Result<nlohmann::json> explain(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const std::string& subject, const std::string& attribute
);

}  // namespace bascule::daemon
