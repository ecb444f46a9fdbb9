#include <fmt/format.h>

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/mirror/document.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/entry_work.hpp"
#include "directory/mirror/raw_entry.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::MappedEntry;
using directory::MirrorEntry;
using directory::ObjectRow;
using directory::Oid;
using directory::SourceEntry;
using directory::Term;

Status EntryApplier::quarantine(Work& work, std::string reason, std::string blocked_by) {
    // It matches again: nobody needs to decide any more whether it may go.
    if (!work.again)
        context_.held.forget_entry(work.entry.anchor);
    if (context_.refresh != nullptr) {
        context_.refresh->unmatched.erase(work.entry.anchor);
        // What is served stays as it was, whole.
        for (auto& [name, ids] : context_.refresh->lost_attributes)
            ids.erase(work.id);
    }
    const bool known = work.previous && work.previous->state == EntryState::quarantined &&
                       work.previous->reason == reason;
    BASCULE_CHECK(bookkeep(work, EntryState::quarantined, reason, std::move(blocked_by)));
    ++counts_.quarantined;
    if (known)
        return {};
    directory::JournalRecord record;
    record.actor = {directory::ActorKind::source, {}, context_.source_name};
    record.origin = "Sync";
    record.activity = "Quarantine entry";
    record.outcome = directory::Outcome::failed;
    record.reason = reason.substr(0, reason.find(':'));
    record.target = work.id;
    record.target_display = work.entry.dn;
    record.details = {{"reason", reason}};
    return transaction_.append(std::move(record));
}

/// The value is taken. A holder that itself waits in quarantine only keeps an outdated value and
/// gives way.
Status EntryApplier::quarantine_duplicate(
    Work& work, const Error& error, const std::string& body, bool may_yield
) {
    std::string holder_name = "another object";
    std::string term_text;
    std::string shown;
    for (const Term& term : terms_of(context_.registry, work.mapped.type, body)) {
        const auto& spec = context_.registry.spec(term.attribute);
        if (!spec.unique || spec.path.to_string() != error.field)
            continue;
        term_text = error.field + "=" + term.value;
        shown = term.value;
        BASCULE_TRY(const auto holders, transaction_.find_by_term(term.attribute, term.value, 1));
        if (holders.empty())
            continue;
        const ObjectRow& holder = holders.front().row;
        BASCULE_TRY(const auto entry, transaction_.find_entry(holder.oid));
        holder_name = entry                    ? entry->dn
                      : holder.display.empty() ? holder.id.to_string()
                                               : holder.display;
        const bool outdated = entry && entry->source == context_.source &&
                              entry->state == EntryState::quarantined && !entry->blocked_by.empty();
        if (may_yield && entry && may_take_place(*entry))
            return take_place(holders.front(), *entry);
        if (may_yield && outdated) {
            yielded_.emplace_back(holder.oid, entry->anchor);
            if (holder.type == user_) {
                BASCULE_CHECK(release_joined(holders.front()));
                BASCULE_CHECK(note_values(holders.front().body, {}));
            }
            return transaction_.convert(
                holder.oid, unmapped_, context_.source, "{}", holders.front().local, holder.display
            );
        }
    }
    BASCULE_CHECK(quarantine(
        work, fmt::format("duplicate: {} '{}' is held by {}", error.field, shown, holder_name),
        term_text
    ));
    if (work.again)
        return {};
    const bool still_served =
        work.object && is_served(work.object->row) && work.object->row.type == work.mapped.type;
    if (!still_served)
        return park_references(work);
    // It goes on with a value that is outdated, and gives way to who waits for that.
    BASCULE_CHECK(free_terms(work.mapped.type, work.object->body, body));
    return sync_references(work);
}

Status EntryApplier::retry(const std::vector<Oid>& entries) {
    retries_.insert(retries_.end(), entries.begin(), entries.end());
    return finish();
}

Status EntryApplier::retry_blocked() {
    BASCULE_TRY(
        const auto waiting,
        transaction_.entries_in_state(context_.source, EntryState::quarantined, 1000)
    );
    for (const MirrorEntry& entry : waiting) {
        if (!entry.blocked_by.empty())
            retries_.push_back(entry.oid);
    }
    return finish();
}

/// Entries whose obstacle has gone are mapped again; who gave way and found no new place is taken
/// out.
Status EntryApplier::finish() {
    for (std::size_t index = 0; index < retries_.size(); ++index) {
        BASCULE_TRY(const auto entry, transaction_.find_entry(retries_[index]));
        if (!entry || entry->state == EntryState::unmatched || entry->raw.empty())
            continue;
        BASCULE_TRY(SourceEntry raw, unpack_entry(entry->raw));
        raw.dn = entry->dn;  // an ancestor may have been renamed meanwhile
        raw.dn_key = entry->dn_key;
        BASCULE_CHECK(apply(raw, map_safely(context_.mapper, raw), true));
    }
    retries_.clear();
    for (const auto& [oid, anchor] : std::exchange(yielded_, {})) {
        BASCULE_TRY(const auto row, transaction_.find_row(oid));
        if (!row || is_served(*row))
            continue;
        BASCULE_CHECK(park_edges(oid));
        BASCULE_CHECK(detach(oid, anchor));
        BASCULE_CHECK(
            journal("Delete", *row, {{"cause", "its userName was given to another entry"}})
        );
    }
    return {};
}

}  // namespace bascule::mirror
