#pragma once

#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Brings the schema to the newest step, each step in a transaction of its own.
/// `unsupported`/"store_too_new" when the file is ahead of this program. Throws SqliteError.
[[nodiscard]] Status migrate(Connection& connection);

}  // namespace bascule::store
