#pragma once

#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/registry.hpp"

namespace bascule::mirror {

/// The attributes of User that these names mean: "userName", "emails" or "emails.value",
/// "employeeNumber" or its full path. `invalid_input`/"invalid_join" when a name means none, more
/// than one, or one that cannot be looked up.
[[nodiscard]] Result<std::vector<directory::AttributeId>> join_attributes(
    const directory::Registry& registry, const std::vector<std::string>& names
);

}  // namespace bascule::mirror
