#pragma once

#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::mirror {

/// An entry as counted bytes, so that one in quarantine can be mapped again without asking its
/// server.
[[nodiscard]] std::string pack_entry(const directory::SourceEntry& entry);
/// `internal`/"broken_raw_entry" when the bytes are not what pack_entry made.
[[nodiscard]] Result<directory::SourceEntry> unpack_entry(std::string_view packed);

}  // namespace bascule::mirror
