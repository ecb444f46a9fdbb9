#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/core.hpp"
#include "daemon/sources.hpp"

namespace bascule::daemon {

/// Where the value of an object's attribute comes from: value, source, DN, directory attribute and
/// number of values, rule, stamp, time, and what it was before; "line" tells it in words. `dn` is
/// that of the object's entry. `invalid_input`/"unknown_attribute".
[[nodiscard]] Result<nlohmann::json> explain_attribute(
    Core& core, const Sources& sources, const scim::SchemaRegistry& schemas,
    const mirror::Explanation& subject, const std::string& attribute, Sources::Ask ask
);

/// Since when and by what somebody belongs to a group. `not_found`/"unknown_member".
[[nodiscard]] Result<nlohmann::json> explain_member(
    Core& core, const Sources& sources, const mirror::Explanation& group,
    const mirror::Explanation& member, Sources::Ask ask
);

}  // namespace bascule::daemon
