#pragma once

#include <optional>

#include "directory/query/filter.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// True for an order of types: within one type it asks for nothing.
[[nodiscard]] bool sorts_by_type(const ListRequest& request);

/// The sort that a request asks for (RFC 7644 section 3.4.2.3); nothing when it asks for none.
/// `invalid_path` when the name is unknown or its values have no order.
[[nodiscard]] Result<std::optional<directory::Sort>> sort_of(
    const Engine& engine, const TypeView& view, const ListRequest& request
);

}  // namespace bascule::scim
