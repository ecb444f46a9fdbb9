#pragma once

#include <string>
#include <vector>

#include "daemon/core.hpp"
#include "daemon/sources.hpp"

namespace bascule::daemon {

/// What is held of configured sources. A set that a plan has announced under the present
/// configuration bears the plan's name.
[[nodiscard]] Result<std::vector<mirror::HeldSummary>> named_holds(
    const Core& core, const Sources& sources
);

/// What an operator asks for.
struct HoldRequest {
    std::string plan;  ///< name of a held set or of a plan, or its beginning (four characters)
    bool approve = false;
    std::vector<std::string> only;   ///< DNs, ids or entryUUIDs; empty: everything
    std::vector<std::string> below;  ///< DNs
};

/// Carries held removals out, or keeps what they would remove. A plan is carried out in every
/// source whose guard holds exactly what the plan said, under the configuration that was planned,
/// or in none. Returns a sentence for people. `not_found`/"unknown_plan",
/// `conflict`/"plan_not_applied" when another configuration runs, "source_not_live" while a source
/// is still being read, "plan_changed" with what differs.
[[nodiscard]] Result<std::string> decide_hold(
    const Core& core, const Sources& sources, const HoldRequest& request,
    const access::Caller& caller
);

}  // namespace bascule::daemon
