#pragma once

#include <string>
#include <vector>

#include "directory/ports/store.hpp"

namespace bascule::authority {

/// An entry of another source that is part of an object.
struct JoinedPart {
    directory::SourceId source{};
    std::string dn;
    std::string gives;     ///< JSON: what of it the object shows; may be empty
    directory::Oid oid{};  ///< of the row that holds it
    Uuid id;
};

/// The entries that are joined to an object, in no promised order.
[[nodiscard]] Result<std::vector<JoinedPart>> joined_parts(
    directory::Reader& reader, directory::Oid object
);

}  // namespace bascule::authority
