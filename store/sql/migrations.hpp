#pragma once

#include <span>
#include <string_view>

namespace bascule::store {

/// One forward step of the schema. Steps are numbered from 1 by their place and never change once
/// released.
struct Migration {
    std::string_view name;
    std::string_view statements;
};

/// All steps, oldest first.
[[nodiscard]] std::span<const Migration> migrations();

/// An index that a first load drops while it fills empty tables, and makes again at its end.
struct BulkIndex {
    std::string_view name;
    std::string_view statement;
};
[[nodiscard]] std::span<const BulkIndex> bulk_indexes();

}  // namespace bascule::store
