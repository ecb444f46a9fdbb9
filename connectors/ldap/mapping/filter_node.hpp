#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::ldap {

/// Active Directory's matching rules on bits: every bit of the value is set, or any of them.
inline constexpr std::string_view all_bits_rule = "1.2.840.113556.1.4.803";
inline constexpr std::string_view any_bits_rule = "1.2.840.113556.1.4.804";

/// What a node of a search filter asks (RFC 4511 section 4.5.1.7).
enum class FilterKind {
    all_of,
    any_of,
    negation,
    equality,
    substrings,
    greater_or_equal,
    less_or_equal,
    approximate,
    presence,
    all_bits,
    any_bits
};

/// A search filter as a tree: `children` for the first three kinds, one term for the others. A
/// negation has exactly one child. Made by parse_filter().
struct FilterNode {
    FilterKind kind = FilterKind::presence;
    std::vector<FilterNode> children;  ///< of all_of, any_of, negation
    std::string attribute;             ///< as written
    std::string value;                 ///< assertion value, unescaped
    std::string folded;                ///< prepared for comparing
    std::vector<std::string>
        parts;  ///< of substrings: initial, any…, final; first and last may be empty
    std::vector<std::string> folded_parts;
    std::uint64_t bits = 0;  ///< of all_bits, any_bits
    bool case_exact = false;
};

}  // namespace bascule::ldap
