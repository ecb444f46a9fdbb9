#pragma once

#include <memory>
#include <string>

#include "directory/ports/store.hpp"
#include "scim/codec/projection.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// True when the list of members that would be shown is too long to stand in memory as a whole.
[[nodiscard]] bool is_long(
    const TypeView& view, const directory::ObjectRow& row, const Projection& projection
);

/// Lets the response show an object whose lists of members are made while they are sent: `body` is
/// the document with the first members, `rest` all that follows. Everything comes from the one
/// snapshot. The engine and the view outlive the response.
[[nodiscard]] Status stream_resource(
    const Engine& engine, const TypeView& view, std::unique_ptr<directory::Snapshot> snapshot,
    const directory::Object& object, const Projection& projection, http::Response& response
);

}  // namespace bascule::scim
