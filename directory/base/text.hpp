#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

/// NFKC_Casefold (Unicode section 3.13), the one folding used by filters, uniqueness, sorting and
/// search. ASCII takes a fast loop. Invalid UTF-8 is folded byte-wise as ASCII.
[[nodiscard]] std::string fold_case(std::string_view text);

/// True for well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// ASCII-only comparison without case: header names, attribute names, LDAP attribute types.
[[nodiscard]] bool equals_ignoring_ascii_case(std::string_view left, std::string_view right);
[[nodiscard]] std::string to_ascii_lower(std::string_view text);

/// Replaces control characters by '.', shortens to `limit` bytes: for logs and error texts.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

/// The candidate that is closest to `text` by edit distance, or empty when none is near.
[[nodiscard]] std::string nearest(
    std::string_view text, const std::vector<std::string>& candidates
);

}  // namespace bascule
