#pragma once

#include <map>
#include <string>

#include "config/report.hpp"
#include "config/settings.hpp"

namespace bascule::config {

/// Where each section and key stands, by path ("sources[0].bind").
using Places = std::map<std::string, Position, std::less<>>;

/// What no single option can tell: pairs that belong together, names used twice, passwords that
/// would travel in the clear.
void check_settings(const Settings& settings, const Places& places, Report& report);

}  // namespace bascule::config
