#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/hold_selection.hpp"
#include "directory/mirror/join_rules.hpp"
#include "directory/model/journal.hpp"
#include "directory/ports/entry_mapper.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// A removal that waits, in words: "user 'Jane Doe' would be deleted (uid=jane,…)".
struct HeldItem {
    std::string kind;  ///< "delete", "unmatched", "membership", "attribute"
    Uuid object;       ///< the user or group that would go or change
    std::string display;
    std::string detail;  ///< DN, member's name or attribute
};

struct HeldSummary {
    std::string source;
    std::string hash;  ///< names exactly this set; approval must carry it
    std::string since;
    std::size_t total = 0;
    std::vector<HeldItem> items;  ///< the first `limit`
};

/// What an operator has decided about removals that wait.
struct HoldDecision {
    std::string source;
    std::string hash;  ///< of the whole held set, or its beginning
    bool approve = false;
    HoldSelection selection = {};
    directory::Actor actor;
};

/// Lists and decides about removals that the guard has held. Thread-safe; may run beside the mirror
/// of the source, because both decide inside transactions.
class HoldService {
  public:
    explicit HoldService(directory::Store& store, std::shared_ptr<const JoinRules> joins = nullptr)
        : store_(store), joins_(std::move(joins)) {}

    /// Held removals of all sources that have some.
    [[nodiscard]] Result<std::vector<HeldSummary>> list(std::size_t limit = 100);
    /// Applies the held set that `hash` names and clears it; `mapper` is that of the source.
    /// Entries that came back are no longer in it. `not_found` without a plan,
    /// `conflict`/"plan_changed" when the set is another one now.
    [[nodiscard]] Status approve(
        std::string_view source, std::string_view hash, const directory::EntryMapper& mapper,
        const directory::Actor& actor
    );
    /// Forgets the set and keeps everything as it is; a later proof of absence proposes it again.
    [[nodiscard]] Status reject(
        std::string_view source, std::string_view hash, const directory::Actor& actor
    );

    /// The same for a part of the set; the rest goes on waiting under another hash. Returns how
    /// many removals were decided about; `not_found`/"nothing_selected" when there is none among
    /// them.
    [[nodiscard]] Result<std::size_t> decide(
        const HoldDecision& decision, const directory::EntryMapper& mapper
    );

  private:
    directory::Store& store_;
    std::shared_ptr<const JoinRules> joins_;
};

}  // namespace bascule::mirror
