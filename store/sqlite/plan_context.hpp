#pragma once

#include "store/sql/filter_compiler.hpp"
#include "store/sqlite/read_operations.hpp"

namespace bascule::store {

/// What the filter compiler asks a store. Refers to `reads`.
[[nodiscard]] PlanContext plan_context(ReadOperations& reads);

}  // namespace bascule::store
