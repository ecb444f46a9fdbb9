#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/model/registry.hpp"

namespace bascule::store {

/// The compared texts (term_value, uncut) of an attribute's values in a stored document, in
/// document order, the primary element first.
[[nodiscard]] std::vector<std::string> attribute_values(
    const directory::AttributeSpec& spec, std::string_view body
);

/// Whether the values of an attribute are packed beside its terms, for `co` and `ew`: those that
/// compare as texts do.
[[nodiscard]] bool is_packed(const directory::AttributeSpec& spec);

/// What an object sorts by: the first of attribute_values() as a term keeps it.
[[nodiscard]] std::optional<std::string> sort_key(
    const directory::AttributeSpec& spec, std::string_view body
);

}  // namespace bascule::store
