#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// Some of the removals of a held plan. Empty: all of them.
struct HoldSelection {
    std::set<Uuid> ids;  ///< objects that would go or change, and members that would leave
    std::vector<std::string> below;  ///< normal forms of DNs: objects at and below them
    [[nodiscard]] bool is_everything() const { return ids.empty() && below.empty(); }
};

/// Parts a plan into what is selected and what stays held.
[[nodiscard]] Result<std::pair<HeldPlan, HeldPlan>> part_plan(
    directory::Reader& reader, const ObjectIds& ids, const HeldPlan& plan,
    const HoldSelection& selection
);

/// What two held plans of a source do not have in common, in words: "delete Jane Doe
/// (uid=jane,…)", the first `limit` of each side.
struct PlanComparison {
    std::vector<std::string> added;    ///< only in the second
    std::vector<std::string> missing;  ///< only in the first
};
[[nodiscard]] Result<PlanComparison> compare_plans(
    directory::Reader& reader, const ObjectIds& ids, const HeldPlan& first, const HeldPlan& second,
    std::size_t limit
);

}  // namespace bascule::mirror
