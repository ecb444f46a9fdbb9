#pragma once

#include <string>
#include <string_view>

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// What a change did to the attributes of a document, for the journal: a JSON list of {"attribute",
/// "before", "after"}, where a value that was or became absent is left out. Values of attributes
/// that are never shown are left out too, long ones are cut to a text that ends in "…", and of many
/// changes the rest is counted as {"more": n}. Empty when nothing changed; `before` or `after` is
/// empty for an object that came or went.
[[nodiscard]] std::string changed_values(
    const TypeView& view, std::string_view before, std::string_view after
);

}  // namespace bascule::scim
