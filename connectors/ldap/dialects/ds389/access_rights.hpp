#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/examination/examined.hpp"

namespace bascule::ldap {

/// The control that tells somebody's rights (Get Effective Rights).
inline constexpr const char* effective_rights = "1.3.6.1.4.1.42.2.27.9.5.2";

/// Letters by the attribute's lower-case name: "rsc", "wo", "none".
using Rights = std::map<std::string, std::string>;

/// The account's rights on these attributes of one entry; empty when the server does not tell.
[[nodiscard]] Rights rights_on(
    const Examined& examined, const std::string& dn, std::vector<std::string> names
);

/// Whether all these letters are among the rights; nothing when the server does not tell.
[[nodiscard]] std::optional<bool> has_right(
    const Rights& rights, const std::string& attribute, std::string_view letters
);

/// The ACI that gives the account a right, or takes it: `permission` is "allow (write)".
[[nodiscard]] directory::Remedy aci_remedy(
    const Examined& examined, const std::string& sentence, const std::string& dn,
    const std::string& targets, const std::string& name, const std::string& permission
);

}  // namespace bascule::ldap
