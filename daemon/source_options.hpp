#pragma once

#include <optional>

#include "config/settings.hpp"
#include "connectors/ldap/dialects/dialect.hpp"
#include "connectors/ldap/dialects/parts.hpp"
#include "directory/mirror/removal_guard.hpp"

namespace bascule::daemon {

/// What a source's settings mean to the connector.
[[nodiscard]] ldap::SourceOptions source_options(const config::SourceSettings& settings);

/// Nothing when the server is to be asked.
[[nodiscard]] std::optional<ldap::Dialect> configured_dialect(config::Dialect dialect);

[[nodiscard]] mirror::GuardLimits guard_limits(const config::Guard& guard);

}  // namespace bascule::daemon
