#pragma once

#include <string>
#include <vector>

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// Warns the operator of names that a client sends and that its profile drops: once for each
/// client, type and name. Thread-safe.
void warn_of_ignored(const Call& call, const TypeView& view, const std::vector<std::string>& names);

}  // namespace bascule::scim
