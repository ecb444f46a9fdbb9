#pragma once

#include <string>
#include <string_view>

#include "scim/filter/filter.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {

/// QUIRK(entra): puts words after a comparison operator into quotes: `name.familyName eq Employee`.
/// Numbers, true, false, null and what is quoted already stay.
[[nodiscard]] std::string quote_bare_words(std::string_view filter);

/// QUIRK(entra): the literal as the attribute's type has it, `"True"` for a boolean, `5` for a
/// text. Unchanged when that cannot be done.
[[nodiscard]] Literal converted_literal(directory::ValueType type, const Literal& literal);

/// `invalid_filter` for the first operator besides `eq` and `and`.
[[nodiscard]] Status check_eq_and_only(const Syntax& filter, std::string_view profile);

}  // namespace bascule::scim
