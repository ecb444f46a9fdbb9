#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/base/uuid.hpp"

namespace bascule::directory {

/// Who joined and who left a group, without the rest of its entry. Its size does not matter.
struct MemberChange {
    /// One value of a member attribute.
    struct Member {
        std::string dn;              ///< as the server wrote it
        std::string dn_key;          ///< as SourceEntry::dn_key
        /// Of whom it names, when the server tells it: then the DN need not be that of today.
        std::optional<Uuid> anchor;
    };
    Uuid anchor;            ///< of the group
    std::string attribute;  ///< the one that names the members
    std::vector<Member> added;
    /// The entry names none of them any more, by no attribute.
    std::vector<Member> removed;
    std::string csn;  ///< the change's stamp; may be empty
};

}  // namespace bascule::directory
