#pragma once

#include <string>
#include <string_view>

namespace bascule::ldap {

/// True for attributes whose equality rule keeps case (RFC 2307, RFC 4524 and kin).
[[nodiscard]] bool keeps_case(std::string_view attribute);

/// A value in the form in which two values are equal when their texts are: spaces at the ends go,
/// runs of spaces become one (RFC 4518 section 2.6.1), case is folded unless `case_exact`. What is
/// not valid UTF-8 stays as it is. Thread-safe.
[[nodiscard]] std::string comparison_text(std::string_view value, bool case_exact);

/// The form of a part of a substring assertion, to be looked for in a comparison text: it keeps one
/// space at its ends, as values do inside. Case is folded unless `case_exact` or not valid UTF-8.
/// Thread-safe.
[[nodiscard]] std::string comparison_part(std::string_view part, bool case_exact);

}  // namespace bascule::ldap
