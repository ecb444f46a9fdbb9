#pragma once

#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::selfservice {

/// The rules for passwords that people choose for local accounts: 12 characters to 1024 bytes, not
/// the user name, not the old one. No composition rules. `policy_rejected`: "password_too_short",
/// "password_too_long", "password_quality", "password_in_history".
[[nodiscard]] Status check_local_password(
    const Secret& password, const Secret& old_password, std::string_view user_name
);

}  // namespace bascule::selfservice
