#pragma once

#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::selfservice {

/// The rules for passwords of local accounts, whoever sets them: 12 characters to 1024 bytes, not
/// the user name. No composition rules. `policy_rejected`: "password_too_short",
/// "password_too_long", "password_quality".
[[nodiscard]] Status check_local_password(const Secret& password, std::string_view user_name);

}  // namespace bascule::selfservice
