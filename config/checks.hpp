#pragma once

#include "config/report.hpp"
#include "config/settings.hpp"

namespace bascule::config {

/// What no single option can tell: pairs that belong together, names used twice, passwords that
/// would travel in the clear.
void check_settings(const Settings& settings, const Places& places, Report& report);

}  // namespace bascule::config
