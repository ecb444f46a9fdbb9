#pragma once

#include <optional>

#include "directory/mirror/entry_applier.hpp"

namespace bascule::mirror {

/// One entry on its way into the store.
struct EntryApplier::Work {
    const directory::SourceEntry& entry;
    const directory::MappedEntry& mapped;
    Uuid id;
    std::optional<directory::Object> object;         ///< as it was found, deleted ones included
    std::optional<directory::MirrorEntry> previous;  ///< bookkeeping as it was found
    directory::ObjectRow row;                        ///< as it is after writing
    bool newly_served = false;
    bool moved = false;
    bool again =
        false;  ///< comes out of quarantine: its references are known, those it names are old
    bool keeps_back = false;  ///< attributes that the entry has lost stay until that is decided
    bool stamp_kept = false;  ///< the bookkeeping was written with the entry's stamp
};

}  // namespace bascule::mirror
