#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string_view>

#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Rows made in C++ for one INSERT … SELECT, which is much faster than one statement a row.
class BulkRows {
  public:
    virtual ~BulkRows() = default;
    /// Goes to the next row; false at the end. May throw.
    [[nodiscard]] virtual bool next() = 0;
    /// Gives a column of the present row to SQLite.
    virtual void column(sqlite3_context* context, int index) const = 0;
};

/// Runs `insert`, which reads columns a, b, c, d of the table bulk_rows, over at most `limit` rows
/// of `rows`. Returns how many were taken. Throws SqliteError.
[[nodiscard]] std::int64_t insert_bulk(
    Connection& connection, std::string_view insert, BulkRows& rows, std::int64_t limit
);

}  // namespace bascule::store
