#pragma once

#include <memory>
#include <string>

#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"

namespace bascule::store {

struct SqliteOptions {
    std::string
        path;  ///< of the database file; made with mode 0600 when missing. Its folder must exist.
    /// To be thrown away after use: nothing is waited for until it is on disk, and closing it does
    /// not put the files in order.
    bool scratch = false;
};

/// Opens or makes a store, brings its schema forward, and removes what a load that was cut short
/// left behind. `registry` and `clock` outlive the store. One process at a time. Errors:
/// `unavailable`/"store_unusable" when the file cannot be opened, `unsupported`/"store_too_new"
/// when a newer version wrote it, `conflict`/"schema_in_use" when an attribute or a type has gone
/// or changed of which live objects have values (Registry).
[[nodiscard]] Result<std::unique_ptr<directory::Store>> open_sqlite_store(
    const SqliteOptions& options, const directory::Registry& registry, const directory::Clock& clock
);

}  // namespace bascule::store
