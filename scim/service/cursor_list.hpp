#pragma once

#include <string_view>
#include <vector>

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// A page by cursor (RFC 9865) of what the `views` hold: of one type, or of all that the caller
/// may read. `endpoint` is the path below the root ("/Users", "" for the root). Every page is
/// authorised anew; what a cursor says is where the page begins, never what may be seen.
[[nodiscard]] Result<http::Response> list_by_cursor(
    const Engine& engine, const Call& call, const ListRequest& request, std::string_view endpoint,
    std::vector<const TypeView*> views
);

/// A page by index of several types in one sorted order. `too_many` deep inside such a list, since
/// everything before the page has to be put in order; cursors have no such limit.
[[nodiscard]] Result<http::Response> list_sorted_types(
    const Engine& engine, const ListRequest& request, std::vector<const TypeView*> views
);

}  // namespace bascule::scim
