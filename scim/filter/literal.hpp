#pragma once

#include <cstddef>
#include <string_view>

#include "directory/base/result.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {

/// Reads the JSON literal that starts at `at` (from 0) and moves `at` behind it.
/// Errors: `invalid_filter` with the position.
[[nodiscard]] Result<Literal> read_literal(std::string_view text, std::size_t& at);

}  // namespace bascule::scim
