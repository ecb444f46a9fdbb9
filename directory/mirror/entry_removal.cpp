#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/mirror/document.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::MirrorEntry;
using directory::Object;
using directory::Term;

Status EntryApplier::removed_live(const Uuid& anchor) {
    BASCULE_TRY(const auto row, transaction_.find_row(context_.ids.of(anchor)));
    std::vector<Uuid> anchors{anchor};
    std::size_t served = row && is_in_use(*row) ? 1 : 0;
    BASCULE_TRY(const auto object, transaction_.find_any(context_.ids.of(anchor)));
    if (!object)
        return {};
    BASCULE_TRY(const auto top, transaction_.find_entry(object->row.oid));
    if (!top)
        return {};
    BASCULE_TRY(const auto below, transaction_.entries_below(context_.source, top->dn_key));
    for (const MirrorEntry& entry : below) {
        if (entry.anchor == anchor)
            continue;
        anchors.push_back(entry.anchor);
        BASCULE_TRY(const auto child, transaction_.find_row(entry.oid));
        served += child && is_in_use(*child) ? 1 : 0;
    }
    BASCULE_TRY(
        const auto total, transaction_.count_entries(context_.source, EntryState::mirrored)
    );
    if (!context_.guard.allows_live(served, total, transaction_.now())) {
        context_.held.deletes.insert(anchors.begin(), anchors.end());
        return {};
    }
    context_.guard.record(served, transaction_.now());
    // From the leaves up, so that no step sees an entry without its parent.
    for (auto it = anchors.rbegin(); it != anchors.rend(); ++it)
        BASCULE_CHECK(remove(*it));
    return finish();
}

Status EntryApplier::remove(const Uuid& anchor) {
    BASCULE_TRY(const auto object, transaction_.find_any(context_.ids.of(anchor)));
    if (!object)
        return {};
    context_.held.forget_entry(anchor);
    BASCULE_TRY(const auto entry, transaction_.find_entry(object->row.oid));
    if (entry)
        BASCULE_CHECK(keep_waiting(*entry));
    BASCULE_CHECK(withdraw(*object, anchor, "deleted at the source"));
    if (!is_served(object->row))
        BASCULE_CHECK(clear_references(object->row.oid));
    if (!object->row.deleted && !is_served(object->row))
        BASCULE_CHECK(transaction_.remove(object->row.oid));
    BASCULE_CHECK(transaction_.erase_entry(object->row.oid));
    return entry ? retry_rivals(*entry) : Status{};
}

Status EntryApplier::shelve(const Uuid& anchor, const std::string& reason) {
    BASCULE_TRY(const auto object, transaction_.find(context_.ids.of(anchor)));
    if (!object)
        return {};
    context_.held.forget_entry(anchor);
    BASCULE_TRY(auto entry, transaction_.find_entry(object->row.oid));
    // It may have given way to another entry since it was noted; then only its state is old.
    BASCULE_CHECK(withdraw(*object, anchor, reason));
    if (!entry || entry->state == EntryState::unmatched)
        return {};
    entry->state = EntryState::unmatched;
    entry->reason = reason;
    entry->blocked_by.clear();
    entry->raw.clear();
    ++counts_.writes;
    return transaction_.put_entry(*entry);
}

/// A served object leaves: edges from this source's groups are noted for a return, its document
/// goes, the row is removed softly.
Status EntryApplier::withdraw(const Object& object, const Uuid& anchor, std::string_view cause) {
    if (!is_in_use(object.row))
        return {};
    if (object.row.type == joined_) {
        ++counts_.removed;
        return leave_join(object, anchor);
    }
    if (object.row.type == user_)
        BASCULE_CHECK(release_joined(object));
    BASCULE_CHECK(clear_references(object.row.oid));
    BASCULE_CHECK(detach(object.row.oid, anchor));
    BASCULE_CHECK(transaction_.convert(
        object.row.oid, unmapped_, context_.source, "{}", object.local, object.row.display
    ));
    BASCULE_CHECK(transaction_.remove(object.row.oid));
    ++counts_.removed;
    ++counts_.writes;
    BASCULE_TRY(const auto entry, transaction_.find_entry(object.row.oid));
    BASCULE_CHECK(journal(
        "Delete", object.row,
        {{directory::cause_detail, std::string(cause)},
         {"dn", entry ? entry->dn : std::string()},
         {"userName", json_text_member(object.body, "userName").value_or("")}}
    ));
    if (object.row.type == user_)
        BASCULE_CHECK(note_values(object.body, {}));
    return free_terms(object.row.type, object.body, "{}");
}

Status EntryApplier::free_terms(
    directory::TypeId type, const std::string& old_body, const std::string& new_body
) {
    const std::vector<Term> kept = terms_of(context_.registry, type, new_body);
    for (const Term& term : terms_of(context_.registry, type, old_body)) {
        const auto& spec = context_.registry.spec(term.attribute);
        if (!spec.unique || std::find(kept.begin(), kept.end(), term) != kept.end())
            continue;
        BASCULE_TRY(
            const auto blocked, transaction_.entries_blocked_by(
                                    context_.source, spec.path.to_string() + "=" + term.value
                                )
        );
        for (const MirrorEntry& entry : blocked)
            retries_.push_back(entry.oid);
    }
    return {};
}

Status EntryApplier::lose_attribute(const std::string& attribute, const Uuid& id) {
    BASCULE_TRY(const auto object, transaction_.find(id));
    if (!object || !is_in_use(object->row))
        return {};
    const std::string rest = filter_attributes(object->body, [&](const auto& path) {
        return path.to_string() != attribute;
    });
    const std::string body =
        assemble_document(context_.registry, object->row.type, id, rest.empty() ? "{}" : rest, {});
    BASCULE_TRY(
        const bool changed,
        transaction_.update(object->row.oid, body, object->local, object->row.display)
    );
    if (!changed)
        return {};
    ++counts_.updated;
    if (object->row.type == joined_) {
        retries_.push_back(object->row.oid);
        return {};
    }
    BASCULE_CHECK(free_terms(object->row.type, object->body, body));
    auto details = changes_of(object->row.type, object->body, body);
    BASCULE_TRY(const auto entry, transaction_.find_entry(object->row.oid));
    if (entry)
        details.emplace_back(directory::stamp_detail, entry->csn);
    details.emplace_back(directory::cause_detail, directory::approved_cause);
    BASCULE_CHECK(journal("Update", object->row, std::move(details)));
    if (object->row.type != user_)
        return {};
    BASCULE_CHECK(note_values(object->body, body));
    return refresh_master(object->row.oid);
}

}  // namespace bascule::mirror
