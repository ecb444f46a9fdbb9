#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

// How Active Directory writes values (MS-DTYP 2.3.4, 2.4.2; MS-ADTS 3.1.1.2).

/// objectGUID as an identifier whose text is the one that Windows tools show. On the wire the first
/// three fields have their bytes turned round. Other than 16 bytes are `invalid_uuid`.
[[nodiscard]] Result<Uuid> guid_from_wire(std::string_view bytes);
/// The 16 bytes that filters compare with.
[[nodiscard]] std::string guid_to_wire(const Uuid& guid);
/// "<GUID=…>": a name that leads to the object wherever it stands.
[[nodiscard]] std::string guid_name(const Uuid& guid);

/// objectSid as text, "S-1-5-21-…-513"; nothing when the bytes are none.
[[nodiscard]] std::optional<std::string> sid_text(std::string_view bytes);
/// The last number of a SID: what primaryGroupID names.
[[nodiscard]] std::optional<std::uint32_t> relative_id(std::string_view sid);

/// A 64-bit number in decimal text.
[[nodiscard]] std::optional<std::int64_t> integer_value(
    const directory::SourceEntry& entry, std::string_view attribute
);

/// 100 ns steps since 1601 UTC, as accountExpires, lockoutTime and pwdLastSet count. Nothing for 0
/// and for "never" (the greatest number).
[[nodiscard]] std::optional<Time> time_from_ticks(std::int64_t ticks);
[[nodiscard]] std::int64_t ticks_from_time(Time time);
/// A negative number of 100 ns steps, as domain policies count; nothing for "none" and "for ever".
[[nodiscard]] std::optional<std::chrono::seconds> duration_from_ticks(std::int64_t ticks);

}  // namespace bascule::ldap
