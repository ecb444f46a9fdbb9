#pragma once

#include <nlohmann/json.hpp>

#include "daemon/plan/figures.hpp"

namespace bascule::daemon {

/// Figures of a plan or a what-if as the admin socket tells them.
[[nodiscard]] nlohmann::json figures_json(const SourceFigures& source);

}  // namespace bascule::daemon
