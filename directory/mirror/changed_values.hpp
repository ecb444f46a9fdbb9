#pragma once

#include <string>
#include <string_view>

#include "directory/model/registry.hpp"

namespace bascule::mirror {

/// What a change did to the attributes of a document, for the journal (directory::changes_detail):
/// values longer than 256 bytes are cut to a text that ends in "…", values of secret attributes are
/// left out, and of many changes the rest is counted. Empty text when nothing differs.
[[nodiscard]] std::string changed_values(
    const directory::Registry& registry, directory::TypeId type, std::string_view before,
    std::string_view after
);

}  // namespace bascule::mirror
