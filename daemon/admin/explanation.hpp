#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/core.hpp"
#include "daemon/sources.hpp"

namespace bascule::daemon {

/// What is asked. `subject` and `member` are a DN, an id, a user name or a group's displayName.
struct ExplainRequest {
    std::string subject;
    std::string attribute = {};  ///< a SCIM path: the answer is about its value
    std::string member = {};     ///< the answer is about its membership in the subject
    Sources::Ask ask = Sources::Ask::directories;
};

/// Why an entry is mirrored the way it is: {"mirrored":…,"lines":[…],…}.
[[nodiscard]] Result<nlohmann::json> explain(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const ExplainRequest& request
);

}  // namespace bascule::daemon
