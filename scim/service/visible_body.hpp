#pragma once

#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// The part of a stored document that the engine's client sees; all of it for an engine that sees
/// everything.
[[nodiscard]] std::string visible_body(
    const Engine& engine, const TypeView& view, std::string_view stored
);

/// The way back: `wanted` is what the client makes of visible_body(stored), and what it does not
/// see stays as it is stored. `forbidden`/"attribute_not_writable" when a list whose elements it
/// sees in part would change.
[[nodiscard]] Result<std::string> whole_body(
    const Engine& engine, const TypeView& view, std::string_view stored, std::string wanted
);

}  // namespace bascule::scim
