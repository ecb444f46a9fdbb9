#pragma once

#include <memory>
#include <string>

#include "config/settings.hpp"
#include "connectors/ldap/dialects/directory_source.hpp"
#include "directory/mirror/removal_guard.hpp"
#include "directory/model/registry.hpp"

namespace bascule::daemon {

/// The directory that a source's settings name; connects to nothing. `stored_fingerprint` as for
/// DirectorySource::make.
[[nodiscard]] Result<std::unique_ptr<ldap::DirectorySource>> open_directory(
    const config::SourceSettings& settings, const std::string& stored_fingerprint,
    const directory::Registry& registry
);

[[nodiscard]] mirror::GuardLimits guard_limits(const config::Guard& guard);

}  // namespace bascule::daemon
