#pragma once

#include <string_view>

#include "directory/access/caller.hpp"
#include "directory/base/result.hpp"

namespace bascule::scim {

/// `forbidden`/"insufficient_scope", naming the scope.
[[nodiscard]] Error insufficient_scope(std::string_view scope);

/// Refuses a caller without the scope.
[[nodiscard]] Status require_scope(const access::Caller& caller, std::string_view scope);

}  // namespace bascule::scim
