#pragma once

#include <string>

#include "connectors/ldap/mapping/filter_node.hpp"

namespace bascule::ldap {

/// The filter in RFC 4515 text, for people: letters beyond ASCII stay. Parses to the same filter
/// again; what goes into a request is made by FilterText. Thread-safe.
[[nodiscard]] std::string print_filter(const FilterNode& node);

}  // namespace bascule::ldap
