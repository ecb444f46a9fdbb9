#pragma once

#include <string>
#include <string_view>

namespace bascule {

/// Folds a part of a directory name so that spellings which directory servers take for one are one:
/// NFKC (Unicode section 3.11) and case, character by character. No letter becomes two and none
/// goes away, unlike in fold_case(): servers tell "Weiß" from "Weiss", and both may stand in one
/// container. Invalid UTF-8 is folded byte-wise as ASCII. Pure, thread-safe.
[[nodiscard]] std::string fold_name(std::string_view text);

}  // namespace bascule
