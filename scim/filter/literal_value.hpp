#pragma once

#include <string_view>

#include "directory/base/result.hpp"
#include "directory/query/filter.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {

[[nodiscard]] bool is_null(const Literal& literal);
[[nodiscard]] bool is_empty_text(const Literal& literal);

/// The literal of a comparison as a value of the attribute's type. Errors: `invalid_filter` when
/// the operator does not apply to the type (RFC 7644 section 3.4.2.2) or the literal has another.
[[nodiscard]] Result<directory::FilterValue> checked_value(
    directory::ValueType type, const Syntax& comparison
);

/// Decides a comparison of a text that is known already, byte by byte.
[[nodiscard]] bool holds(directory::Operator op, std::string_view value, std::string_view wanted);

}  // namespace bascule::scim
