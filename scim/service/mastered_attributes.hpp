#pragma once

#include <string>
#include <string_view>

#include "directory/authority/authority.hpp"
#include "directory/ports/store.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// Refuses a changed document where it touches what may not change: immutable attributes that have
/// a value, and on a synced object what its source masters. Equal values pass.
[[nodiscard]] Status check_changes(
    const Engine& engine, const TypeView& view, directory::Reader& reader,
    const authority::Authority& authority, const directory::Object& before, std::string_view body
);

/// The members of a synced object's document that its source does not fill, as a JSON object; empty
/// when there are none, and for local objects.
[[nodiscard]] std::string local_part(
    const Engine& engine, const authority::Authority& authority, const directory::ObjectRow& row,
    std::string_view body
);

/// Gives a PUT body the values it left out and may not clear: what the source masters, immutable
/// attributes, and `active`.
[[nodiscard]] Result<std::string> keep_unclearable(
    const Engine& engine, const TypeView& view, const authority::Authority& authority,
    const directory::Object& before, std::string body
);

}  // namespace bascule::scim
