#pragma once

#include <memory>
#include <string>

#include "config/settings.hpp"
#include "connectors/ldap/dialects/directory_source.hpp"
#include "connectors/ldap/mapping/scoped_mapper.hpp"
#include "daemon/scan_leases.hpp"
#include "directory/mirror/join_rules.hpp"
#include "directory/ports/store.hpp"

namespace bascule::daemon {

/// A configured directory with the mapping of those of its entries that are mirrored. Mirrors,
/// plans and what-if rules are made from it alike. `directory` outlives `mapper`.
struct MappedSource {
    std::unique_ptr<ldap::DirectorySource> directory;
    std::unique_ptr<ldap::ScopedMapper> mapper;

    /// Connects to nothing. `store` tells under which fingerprint the source was mirrored last.
    /// `scans` outlives it.
    /// Errors are those of DirectorySource and ScopedMapper.
    [[nodiscard]] static Result<MappedSource> make(
        const config::SourceSettings& settings, directory::Store& store, ScanLeases& scans
    );
};

/// What the store remembers of a source; empty when it was never mirrored.
[[nodiscard]] Result<directory::SourceState> stored_state(
    directory::Store& store, const std::string& source
);

/// Which sources join their users to those of earlier ones; null when none does. Registers the
/// sources.
[[nodiscard]] Result<std::shared_ptr<const mirror::JoinRules>> join_rules(
    const config::Settings& settings, directory::Store& store
);

}  // namespace bascule::daemon
