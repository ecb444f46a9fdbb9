#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "daemon/plan/figures.hpp"
#include "daemon/plan/reading_means.hpp"
#include "daemon/plan/rule_names.hpp"
#include "directory/ports/clock.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::daemon {

/// A configuration to be tried out.
struct PlanRequest {
    config::Settings settings;
    std::shared_ptr<scim::SchemaRegistry> schemas;   ///< of these settings
    std::string source;                              ///< only this one; empty: every source
    std::map<std::string, ConfiguredRules> running;  ///< mappings in force now
    std::vector<std::string> notes;                  ///< shown with the result
};

/// Where a plan is made.
struct PlanFiles {
    std::string database;
    std::string folder;  ///< for the copy
    std::string lines;   ///< the differences
};

/// The removals that the guard of a source would hold, and under which rules.
struct PlannedHold {
    std::string source;
    std::string fingerprints;
    std::string held;  ///< HeldPlan::to_json()
};

/// What came of it.
struct PlanOutcome {
    std::string hash;  ///< names configuration and differences; 32 hexadecimal digits
    std::uint64_t lines = 0;
    double seconds = 0;
    std::vector<SourceFigures> sources;
    std::vector<PlannedHold> holds;  ///< of every source that was read
    std::vector<std::string> notes;
};

/// Tries a configuration out on a copy of the store: reads the directories as a reload would, lets
/// mapping and guard decide, and writes the differences to a file, one JSON object a line. Store
/// and directories stay as they are. The copy is gone when this returns. Errors: those of
/// ScratchCopy and of the directories, `not_found`/"unknown_source", `unavailable`/"stopped".
[[nodiscard]] Result<PlanOutcome> make_plan(
    const PlanRequest& request, const PlanFiles& files, const ReadingMeans& means,
    const std::stop_token& stop
);

}  // namespace bascule::daemon
