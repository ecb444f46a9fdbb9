#pragma once

#include <array>
#include <string>
#include <string_view>

#include "directory/base/uuid.hpp"

namespace bascule::ldap {

/// Attributes that name an entry for ever, whatever it is called; the commonest first.
inline constexpr std::array<const char*, 5> usual_anchors{
    "entryUUID", "nsUniqueId", "ibm-entryUuid", "GUID", "objectGUID"};
[[nodiscard]] bool is_usual_anchor(std::string_view attribute);

/// The identity of an entry from the value of its anchor attribute. 36 characters of UUID text
/// (entryUUID, RFC 4530), the four groups of nsUniqueId and 16 raw bytes give their own value;
/// anything else gives a name-based one, the same for the same value.
[[nodiscard]] Uuid anchor_of(std::string_view value);

/// As 389 Directory Server writes it: "4977960b-e64211f1-927db98b-7934e1f7".
[[nodiscard]] std::string ns_unique_id_text(const Uuid& anchor);

}  // namespace bascule::ldap
