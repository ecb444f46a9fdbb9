#pragma once

#include "daemon/plan/plan_progress.hpp"
#include "daemon/scan_leases.hpp"
#include "directory/ports/clock.hpp"

namespace bascule::daemon {

/// What it takes to read directories for a plan. Outlives the plan.
struct ReadingMeans {
    directory::Clock& clock;
    ScanLeases& scans;
    PlanProgress& progress;
};

}  // namespace bascule::daemon
