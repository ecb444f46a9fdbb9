#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "directory/authority/authority.hpp"
#include "directory/authority/joined_parts.hpp"
#include "directory/ports/store.hpp"
#include "scim/codec/document.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// The entries of other sources that are part of an object; see authority::joined_parts().
using JoinedParts = std::vector<authority::JoinedPart>;

/// Refuses a changed document of a synced object where it touches what its source, or that of a
/// part of it, masters. Equal values pass, and
/// what one of these sources takes from here: SourceWrite decides about that.
[[nodiscard]] Status check_changes(
    const Engine& engine, directory::Reader& reader, const authority::Authority& authority,
    const directory::Object& before, const JoinedParts& parts, std::string_view body
);

/// The members of a synced object's document that no source fills, as a JSON object; empty when
/// there are none, and for local objects.
[[nodiscard]] std::string local_part(
    const Engine& engine, const authority::Authority& authority, const directory::ObjectRow& row,
    const JoinedParts& parts, std::string_view body
);

/// Gives a PUT body the values that it left out and that the caller cannot change: those the
/// object's source masters and those the caller's rights end at. `seen` is the stored document as
/// the caller sees it.
[[nodiscard]] Status keep_unwritable(
    const Engine& engine, const TypeView& view, const authority::Authority& authority,
    const access::Caller& caller, const directory::ObjectRow& row, const JoinedParts& parts,
    std::string_view seen, ResourceDraft& draft
);

}  // namespace bascule::scim
