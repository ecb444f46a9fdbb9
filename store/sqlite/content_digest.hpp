#pragma once

#include <string>

#include "directory/base/result.hpp"

namespace bascule::store {

/// SHA-256, in hexadecimal, over everything a store holds of its sources: objects with their
/// documents, edges, entries, waiting references and positions. What differs between two stores
/// that were filled by the same changes does not count: row numbers, times, versions, journal.
/// `unavailable`/"store_unusable" when the file cannot be read.
[[nodiscard]] Result<std::string> content_digest(const std::string& path);

}  // namespace bascule::store
