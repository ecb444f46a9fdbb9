#pragma once

#include <string>

#include "daemon/plan/difference_file.hpp"
#include "daemon/plan/figures.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/removal_guard.hpp"
#include "directory/ports/store.hpp"

namespace bascule::daemon {

/// What a guard holds of a source, as lines and figures.
struct HeldQuestion {
    const std::string& source;
    const mirror::HeldPlan& held;
    const mirror::HeldPlan& former;  ///< was held before; such lines have "already"
    const mirror::GuardLimits& limits;
};
[[nodiscard]] Status tell_held(
    directory::Store& store, const HeldQuestion& question, DifferenceFile& out, HeldFigures& figures
);

}  // namespace bascule::daemon
