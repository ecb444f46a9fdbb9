#pragma once

#include <vector>

#include "directory/base/result.hpp"
#include "directory/query/filter.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {

/// The filter that matches everything, or nothing.
[[nodiscard]] directory::Filter constant(bool value);

[[nodiscard]] directory::Filter negate(directory::Filter filter);

/// Joins parts by all_of or any_of and folds constants away.
[[nodiscard]] directory::Filter join(
    directory::Filter::Kind kind, std::vector<directory::Filter> parts
);

/// `pr` and comparisons with null: `eq null` is absence, `ne null` is presence.
/// Errors: `invalid_filter` for other operators.
[[nodiscard]] Result<directory::Filter> by_presence(
    directory::Filter present, const Syntax& comparison
);

/// A comparison with "": no assigned value is empty, and every value contains the empty text.
[[nodiscard]] directory::Filter against_empty_text(
    directory::Filter present, directory::Operator op
);

}  // namespace bascule::scim
