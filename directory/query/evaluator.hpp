#pragma once

#include <functional>
#include <string_view>

#include "directory/query/filter.hpp"

namespace bascule::directory {

/// Answers edge tests during evaluation: is there an edge of `kind` between the object and `target`?
using EdgeTest = std::function<bool(const Filter& edge_filter)>;

/// What a filter means, decided here and nowhere else (RFC 7644 section 3.4.2.2). `body` is a stored document.
/// `ne` matches an unassigned attribute and, on several values, when any differs.
[[nodiscard]] bool matches(
    const Filter& filter, const ObjectRow& row, std::string_view body, const EdgeTest& edges
);

/// The same for one element of a multi-valued complex attribute (PATCH value paths). `element` is
/// compact JSON; comparisons look at spec.path.sub ("value" for simple elements).
[[nodiscard]] bool matches_element(const Filter& filter, std::string_view element);

}  // namespace bascule::directory
