#pragma once

#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Makes the packed values searchable in SQL on this connection, which must stay where it is:
///
///   SELECT oid FROM value_scan(attribute, at_end, wanted, long_ones_pass)
///
/// gives every object with a value that contains `wanted` (at_end 0) or ends with it (at_end 1),
/// each once; in the order of numbers, either way, for ORDER BY oid. And
///
///   value_holds(oid, attribute, at_end, wanted, long_ones_pass)
///
/// tells the same of one object. `wanted` is bound as bytes. Throws SqliteError.
void register_value_scan(Connection& connection);

}  // namespace bascule::store
