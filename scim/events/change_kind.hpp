#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/model/journal.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim::events {

/// What a journal record says happened to a resource.
struct ResourceChange {
    enum class Kind { created, updated, replaced, deleted, targets_added, targets_removed };
    Kind kind = Kind::updated;
    const TypeView* view = nullptr;
    std::vector<std::string> attributes;  ///< updated, replaced: their paths
    const EdgeAttribute* edge = nullptr;  ///< targets_…: members, owners
    std::vector<Uuid> targets;            ///< targets_…: ids
    bool targets_complete = false;        ///< whether `targets` are all of them
};

/// Nothing when the record is about no change of a SCIM resource: refusals, sign-ins, tokens.
[[nodiscard]] std::optional<ResourceChange> change_in(
    const Engine& engine, const directory::JournalRecord& record
);

/// The value of a detail of a record, or empty.
[[nodiscard]] std::string_view detail_of(
    const directory::JournalRecord& record, std::string_view name
);

}  // namespace bascule::scim::events
