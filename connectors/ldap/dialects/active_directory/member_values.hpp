#pragma once

#include <optional>
#include <string_view>

#include "directory/base/uuid.hpp"
#include "directory/model/member_change.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// The control that makes a server write whom a DN names before the DN (MS-ADTS 3.1.1.3.4.1.5).
inline constexpr const char* extended_dn_oid = "1.2.840.113556.1.4.529";
/// Its value that asks for text: SEQUENCE { 1 }.
inline constexpr std::string_view extended_dn_text{"\x30\x03\x02\x01\x01", 5};

/// "<GUID=…>;<SID=…>;CN=…" or a plain DN. Nothing when no DN is left.
[[nodiscard]] std::optional<directory::MemberChange::Member> parse_extended_dn(
    std::string_view value
);

/// Who joined and left, when an increment's message about a group tells nothing else:
/// "member;range=1-1" and "member;range=0-0" (MS-ADTS 3.1.1.3.4.1.3).
[[nodiscard]] std::optional<directory::MemberChange> member_change_in(
    const directory::SourceEntry& message, const Uuid& group
);

}  // namespace bascule::ldap
