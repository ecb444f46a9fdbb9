#pragma once

#include <string_view>

#include "connectors/ldap/mapping/filter_node.hpp"
#include "directory/base/result.hpp"

namespace bascule::ldap {

/// Reads a search filter (RFC 4515). At most 64 levels deep, 16 KiB long, 1,000 terms; a bare item
/// without parentheses is accepted at the top. `invalid_filter` says what is wrong and where.
/// Thread-safe.
[[nodiscard]] Result<FilterNode> parse_filter(std::string_view text);

}  // namespace bascule::ldap
