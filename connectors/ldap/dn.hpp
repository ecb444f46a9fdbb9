#pragma once

#include <string>
#include <string_view>

#include "directory/base/result.hpp"

namespace bascule::ldap {

/// The normal form of a distinguished name for comparing and for subtree ranges (RFC 4514,
/// caseIgnoreMatch).
///
/// RDNs from the root down, each followed by the byte 0x01, so that the key of a descendant starts
/// with the key of its ancestor. Attribute types are lower-case short names (well-known OIDs and
/// long names are mapped), values have their escapes undone, are case-folded, trimmed and have runs
/// of spaces squeezed. The parts of a multi-valued RDN are sorted and joined by 0x02. Bytes 0x00 to
/// 0x03 inside a value are escaped by 0x03. The empty name has the empty key. Pure, thread-safe.
/// Error: `invalid_dn`.
[[nodiscard]] Result<std::string> dn_key(std::string_view dn);

/// The same for a name that must not be lost: one that cannot be parsed gets a key of its own that
/// no valid name has.
[[nodiscard]] std::string dn_key_or_raw(std::string_view dn);

/// True when the name with `key` is the name with `ancestor` or below it.
[[nodiscard]] bool is_at_or_below(std::string_view key, std::string_view ancestor);

/// Escapes a value for use inside a DN (RFC 4514 section 2.4).
[[nodiscard]] std::string escape_dn_value(std::string_view value);

}  // namespace bascule::ldap
