#pragma once

#include <string>

#include "config/load.hpp"

namespace bascule::daemon::ctl {

/// Compiles the mapping of every source as the service would and adds each error at its rule's
/// place. Does nothing when the settings have errors already.
void check_mappings(config::LoadOutcome& outcome, const std::string& file);

}  // namespace bascule::daemon::ctl
