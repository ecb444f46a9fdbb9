#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/attribute_values.hpp"
#include "directory/model/object.hpp"

namespace bascule::directory {

/// One attribute of a directory entry as it came over the wire, options kept in the name.
struct RawAttribute {
    std::string name;
    AttributeValues values;
};

/// A directory entry as a feed delivers it.
struct SourceEntry {
    Uuid anchor;     ///< entryUUID, objectGUID or nsUniqueId
    std::string dn;  ///< as the server wrote it
    /// Normal form for comparing and for subtree ranges: RDNs from the root down, each normalised,
    /// each followed by a 0x01 byte, so that a descendant's key starts with its ancestor's key.
    std::string dn_key;
    std::string csn;  ///< entryCSN or the dialect's stamp; may be empty
    std::vector<RawAttribute> attributes;

    /// Values by attribute name (no case), or an empty list.
    [[nodiscard]] const AttributeValues& values(std::string_view name) const;
    /// The first of them, or an empty text.
    [[nodiscard]] std::string first_value(std::string_view name) const;
};

/// What became of an entry of a source.
enum class EntryState : std::uint8_t {
    mirrored = 1,
    unmatched = 2,  ///< no object kind's filter matches; the reason says which term is false
    quarantined =
        3,  ///< matches, but cannot be served; the reason says why; retried when that changes
};

/// The mirror's bookkeeping of an entry, beside its object row. Objects of entries that are not
/// served have type "Unmapped".
struct MirrorEntry {
    Oid oid{};
    SourceId source{};
    Uuid anchor;
    std::string dn;
    std::string dn_key;
    std::string csn;
    EntryState state = EntryState::mirrored;
    std::string reason;  ///< code of a closed list, then ": " and a sentence; empty when mirrored
    std::string
        blocked_by;   ///< unique term that another object holds ("userName=jdoe"), for auto-heal
    std::string raw;  ///< the entry, kept only while quarantined, so that it can be retried
    Time seen;
};

}  // namespace bascule::directory
