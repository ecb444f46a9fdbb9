#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "directory/model/journal.hpp"
#include "directory/ports/store.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// A journal record of what this call does to an object: actor, address and request id come from
/// the call.
[[nodiscard]] directory::JournalRecord record_of(
    const Call& call, const TypeView& view, std::string activity, const Uuid& target,
    std::string_view display
);

/// "Add user", "Update group", "Delete administrative unit"; role assignments are named as
/// membership of a role.
enum class Change { add, update, remove };
[[nodiscard]] std::string activity_of(
    const TypeView& view, Change change, std::string_view body = {}
);

/// "Add member to group", "Remove member from administrative unit", "Set user manager".
[[nodiscard]] std::string edge_activity_of(
    const TypeView& view, directory::EdgeKind kind, Change change
);

/// The names of changed attributes as one detail; values stay out of the journal.
[[nodiscard]] std::string names_of(const std::vector<directory::AttributePath>& paths);

/// Writes that a change was refused.
[[nodiscard]] Status append_refusal(
    directory::Transaction& transaction, const TypeView& view, const Call& call, const Error& error
);

/// Writes that a change was refused, in a transaction of its own. A failure to write it goes to the
/// log only.
void journal_refusal(
    const Engine& engine, const TypeView& view, const Call& call, const Error& error
);

}  // namespace bascule::scim
