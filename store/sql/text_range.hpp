#pragma once

#include <string>
#include <string_view>

namespace bascule::store {

/// The text after every text that starts with `prefix`, in byte order; empty when there is none.
[[nodiscard]] std::string prefix_end(std::string_view prefix);

}  // namespace bascule::store
