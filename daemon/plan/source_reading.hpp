#pragma once

#include <stop_token>

#include "config/settings.hpp"
#include "daemon/plan/figures.hpp"
#include "daemon/plan/plan_progress.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/ports/clock.hpp"
#include "store/sqlite/scratch_copy.hpp"

namespace bascule::daemon {

/// What reading a source into a scratch copy left.
struct SourceReading {
    SourceFigures figures;
    directory::SourceId id{};
    std::string fingerprints;  ///< of feed and mapping under which it was read
    mirror::HeldPlan former;   ///< held before
    mirror::HeldPlan held;
};

/// Does in the copy what a start of the source under these settings does in the store: reads from
/// where it would read, maps, compares and lets the guard decide, until the source would be live.
/// Errors name the source: those of its server, `unavailable`/"stopped", those of the copy.
[[nodiscard]] Result<SourceReading> read_source(
    const config::SourceSettings& settings, store::ScratchCopy& copy, directory::Clock& clock,
    PlanProgress& progress, const std::stop_token& stop
);

}  // namespace bascule::daemon
