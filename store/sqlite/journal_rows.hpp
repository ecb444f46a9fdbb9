#pragma once

#include <string>

#include "directory/model/journal.hpp"
#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Writes a record; sequence and time are set.
void insert_journal(Connection& connection, const directory::JournalRecord& record);

}  // namespace bascule::store
