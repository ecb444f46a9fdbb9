#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "scim/schema/schema.hpp"

namespace bascule::scim::quirks {

/// The one home of what known clients send outside RFC 7644. Each function turns it into the form
/// that the RFC knows; the rest of the code never sees it.

/// QUIRK(entra): a singular attribute such as manager comes as a list of one. Gives that one.
[[nodiscard]] nlohmann::ordered_json unwrap_single(
    const Attribute& attribute, const nlohmann::ordered_json& value
);

/// QUIRK(entra): a complex attribute is removed with "", null or {"value": ""}.
[[nodiscard]] bool means_remove(const Attribute& attribute, const nlohmann::ordered_json& value);

/// QUIRK(entra, okta): a singular complex attribute comes as the bare text of its value. Gives
/// {"value": text}.
[[nodiscard]] nlohmann::ordered_json wrap_bare_value(
    const Attribute& attribute, const nlohmann::ordered_json& value
);

/// QUIRK(entra, authentik): remove with a list of the elements to remove, where the RFC has a value
/// filter. True when the operation names elements, so that it must never remove all.
[[nodiscard]] bool names_elements(const Attribute& attribute, const nlohmann::ordered_json* value);

/// Whether a stored element has everything that the named one says.
[[nodiscard]] bool is_named_by(
    const nlohmann::ordered_json& element, const nlohmann::ordered_json& named,
    const Attribute& attribute
);

}  // namespace bascule::scim::quirks
