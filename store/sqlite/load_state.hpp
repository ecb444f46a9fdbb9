#pragma once

#include <cstdint>
#include <string>

#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Marks in the counter table that a load runs, so that one that was cut short is found at the next
/// opening.
struct LoadMark {
    static constexpr const char* first =
        "loading_from";  ///< its rows have this number or a higher one
    static constexpr const char* source = "loading_source";
};

/// Numbers that stay free below a load's rows for objects that are made meanwhile.
inline constexpr std::int64_t reserved_numbers = std::int64_t{1} << 20;

/// Stores with fewer objects lose their large indexes while a load runs and get them anew at its
/// end.
inline constexpr std::int64_t small_store = 10'000;

/// Drops the large indexes; ids of rows below `first` keep a small one.
void drop_bulk_indexes(Connection& connection, std::int64_t first);
/// Makes the named index again. `name` is one of bulk_indexes().
void make_bulk_index(Connection& connection, std::string_view name);

/// Removes every row of a load that did not end and makes missing indexes. Does nothing when there
/// is none. Outside transactions. Throws SqliteError.
void remove_unfinished_load(Connection& connection);

}  // namespace bascule::store
