#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"
#include "directory/base/result.hpp"
#include "scim/profile/client_profile.hpp"

namespace bascule::daemon {

/// The client profiles that the settings define. The error of the first that is wrong, naming its
/// key.
[[nodiscard]] Result<scim::ProfileRegistry> client_profiles(const config::Settings& settings);

/// Adds every error in them at its place. Does nothing when the settings have errors already.
void check_client_profiles(config::LoadOutcome& outcome, const std::string& file);

}  // namespace bascule::daemon
