#pragma once

#include <string>

#include "directory/ports/store.hpp"
#include "scim/codec/projection.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// Whether the response may load lists of members although nobody named them, or at all.
enum class MemberLists { as_projected, only_when_named, left_out };

/// The wire text of an object with its edges: members, groups, manager. Loads only what the
/// projection shows.
[[nodiscard]] Result<std::string> view_resource(
    const Engine& engine, const TypeView& view, directory::Reader& reader,
    const directory::Object& object, const Projection& projection,
    MemberLists member_lists = MemberLists::as_projected
);

}  // namespace bascule::scim
