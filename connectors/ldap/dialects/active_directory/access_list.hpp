#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::ldap {

// Rights of access control entries (MS-ADTS 5.1.3.2).
inline constexpr std::uint32_t control_access_right = 0x100;

/// What is asked of a security descriptor.
struct AccessQuestion {
    std::vector<std::string> identities;  ///< SIDs as on the wire: of the account and its groups
    std::uint32_t right = 0;
    std::string object;  ///< GUID as on the wire of the extended right or the attribute
};

/// Whether the discretionary list of a self-relative security descriptor (MS-DTYP 2.4.6) grants the
/// right: the first entry that speaks of one of the identities and of this right decides. False for
/// bytes that are no descriptor.
[[nodiscard]] bool is_granted(std::string_view descriptor, const AccessQuestion& question);

}  // namespace bascule::ldap
