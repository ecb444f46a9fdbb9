#pragma once

#include "store/sqlite/registry_numbers.hpp"

namespace bascule::store {

/// Packs the values of all objects of a store that was made before values were packed; does nothing
/// in any other. Inside a transaction. Throws SqliteError.
void fill_value_blocks(Connection& connection, const RegistryNumbers& numbers);

}  // namespace bascule::store
