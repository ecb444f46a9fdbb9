#pragma once

#include "directory/base/time.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/removal_guard.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// Notes in a plan that has just changed by which limits its removals are held, and how much had
/// gone within the guard's window by then.
void note_judgement(HeldPlan& held, const RemovalGuard& guard, Time now);

/// The removals were held by other limits than the guard has now.
[[nodiscard]] bool is_to_be_judged_again(const HeldPlan& held, const RemovalGuard& guard);

/// Carries out what is held and within the guard's limits now, together with what had gone when it
/// was held: the entries as a whole, the members of each group, the losses of each attribute. What
/// is above them goes on waiting. `held` is the applier's.
[[nodiscard]] Status judge_again(
    directory::Transaction& transaction, EntryApplier& applier, RemovalGuard& guard,
    directory::SourceId source, HeldPlan& held
);

}  // namespace bascule::mirror
