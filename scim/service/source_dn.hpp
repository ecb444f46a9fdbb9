#pragma once

#include <string>

#include "directory/ports/store.hpp"

namespace bascule::scim {

/// Where the source keeps a synced object, for refusals; empty when that is not known.
[[nodiscard]] inline Result<std::string> source_dn(
    directory::Reader& reader, const directory::ObjectRow& row
) {
    BASCULE_TRY(const std::optional<directory::MirrorEntry> entry, reader.find_entry(row.oid));
    return entry ? entry->dn : std::string{};
}

}  // namespace bascule::scim
