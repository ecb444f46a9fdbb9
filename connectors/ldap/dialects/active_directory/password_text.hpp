#pragma once

#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::ldap {

/// A password as unicodePwd takes it: in double quotes, UTF-16 with the low byte first (MS-ADTS
/// 3.1.1.3.1.5.1). `invalid_input`/"password_quality" for what is no text.
[[nodiscard]] Result<Secret> quoted_password(const Secret& password);

/// How many characters the domain counts: UTF-16 units.
[[nodiscard]] std::size_t password_units(std::string_view password);
/// The domain's rule of complexity (MS-SAMR 3.1.1.8.2, without the names of the account): at least
/// three of capitals, small letters, digits, other ASCII characters, and everything else.
[[nodiscard]] bool is_complex(std::string_view password);

}  // namespace bascule::ldap
