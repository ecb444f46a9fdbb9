#pragma once

#include <string_view>

namespace bascule::directory {

/// For mappings that look at where an entry stands: entries of one area are mapped alike, wherever
/// they stand in it. Thread-safe.
class EntryAreas {
  public:
    virtual ~EntryAreas() = default;
    /// The number of the area in which the DN with this normal form lies.
    [[nodiscard]] virtual unsigned area(std::string_view dn_key) const = 0;
};

}  // namespace bascule::directory
