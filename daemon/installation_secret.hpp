#pragma once

#include <memory>
#include <string>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::daemon {

/// The secret of this installation, from the file "installation.key" beside the database: random,
/// made at the first start, readable by the service only. What is handed to clients sealed (page
/// cursors) is sealed with keys derived from it, so it outlives a restart. Losing the file costs
/// nothing but the cursors that are on their way. `unavailable`/"secret_unusable".
[[nodiscard]] Result<std::shared_ptr<const Secret>> load_installation_secret(
    const std::string& database_path
);

}  // namespace bascule::daemon
