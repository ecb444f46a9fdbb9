#pragma once

#include <string_view>
#include <vector>

#include "directory/model/registry.hpp"

namespace bascule::mirror {

/// The attributes of a JSON object; none in an empty text.
[[nodiscard]] std::vector<directory::AttributePath> paths_of(std::string_view object);

[[nodiscard]] bool has_path(
    const std::vector<directory::AttributePath>& paths, const directory::AttributePath& path
);

/// Attributes that an object can have once only in the whole store stay with its master.
[[nodiscard]] bool is_unique_attribute(
    const directory::Registry& registry, directory::TypeId type,
    const directory::AttributePath& path
);

}  // namespace bascule::mirror
