#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "directory/query/filter.hpp"

namespace bascule::directory {

/// Answers filters of the four edge kinds during evaluation, for the object that is tested.
using EdgeTest = std::function<bool(const Filter& edge_filter)>;

/// What a filter means, decided here and nowhere else (RFC 7644 section 3.4.2.2). `body` is a
/// stored document. `ne` matches an unassigned attribute and, on several values, when any differs.
[[nodiscard]] bool matches(
    const Filter& filter, const ObjectRow& row, std::string_view body, const EdgeTest& edges
);

/// The same for one element of a multi-valued complex attribute (PATCH value paths). `element` is
/// compact JSON; comparisons look at spec.path.sub ("value" for simple elements).
[[nodiscard]] bool matches_element(const Filter& filter, std::string_view element);

/// The compared text of a filter's value (see term_value in directory/model/registry.hpp), for
/// stores that look it up; pass it through term_key(). Nothing when the value is null or cannot
/// stand in the attribute's form (10.5 against an integer): then only the evaluator can decide.
[[nodiscard]] std::optional<std::string> compared_text(
    const AttributeSpec& spec, const FilterValue& value
);

}  // namespace bascule::directory
