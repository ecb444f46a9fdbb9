#pragma once

#include <cstddef>
#include <string_view>

namespace bascule::store {

/// Where `wanted` first stands in `text` at or behind `from`; npos when nowhere. Like
/// std::string_view::find, but made for long texts in which the first byte of `wanted` is frequent.
[[nodiscard]] std::size_t find_text(
    std::string_view text, std::string_view wanted, std::size_t from
);

}  // namespace bascule::store
