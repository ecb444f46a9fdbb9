#pragma once

#include <vector>

#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// Quarantined entries of a source that wait for a value which nobody else has any more.
[[nodiscard]] Result<std::vector<directory::Oid>> freed_entries(
    directory::Reader& reader, const directory::Registry& registry, directory::SourceId source
);

}  // namespace bascule::mirror
