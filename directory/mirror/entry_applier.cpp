#include "directory/mirror/entry_applier.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <iterator>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/mirror/changed_values.hpp"
#include "directory/mirror/document.hpp"
#include "directory/mirror/entry_work.hpp"
#include "directory/mirror/raw_entry.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::MappedEntry;
using directory::MirrorEntry;
using directory::ObjectRow;
using directory::Oid;
using directory::SourceEntry;

MappedEntry map_safely(const directory::EntryMapper& mapper, const SourceEntry& entry) {
    MappedEntry failed;
    failed.state = EntryState::quarantined;
    try {
        return mapper.map(entry);
    } catch (const std::exception& exception) {
        failed.reason = fmt::format(
            "mapping_failed: the mapping of this entry failed ({})", printable(exception.what())
        );
    }
    return failed;
}

EntryApplier::EntryApplier(ApplyContext context)
    : context_(context),
      transaction_(context.transaction),
      unmapped_(context.registry.type("Unmapped")),
      joined_(context.registry.type("Joined")),
      user_(context.registry.type("User")),
      group_(context.registry.type("Group")) {}

Status EntryApplier::upsert(const SourceEntry& entry, const MappedEntry& mapped) {
    BASCULE_CHECK(apply(entry, mapped, false));
    return finish();
}

Status EntryApplier::apply(const SourceEntry& entry, const MappedEntry& mapped, bool again) {
    Work work{entry, mapped, context_.ids.of(entry.anchor), {}, {}, {}, false, false, again};
    const std::uint64_t writes_before = counts_.writes;
    if (!again)
        context_.held.deletes.erase(entry.anchor);
    BASCULE_TRY(work.object, transaction_.find_any(work.id));
    if (work.object) {
        BASCULE_TRY(work.previous, transaction_.find_entry(work.object->row.oid));
    }
    work.moved = !work.previous || work.previous->dn_key != entry.dn_key;
    if (work.moved) {
        BASCULE_CHECK(make_room(entry, work.object ? work.object->row.oid : Oid{}));
        BASCULE_CHECK(move_below(work));
    }
    Status done;
    switch (mapped.state) {
        case EntryState::mirrored:
            done = serve(work);
            break;
        case EntryState::unmatched:
            done = unmatched(work);
            break;
        case EntryState::quarantined:
            done = quarantine(work, mapped.reason, {});
            break;
    }
    BASCULE_CHECK(std::move(done));
    if (context_.refresh != nullptr && !again) {
        context_.refresh->placed_now.insert(work.row.oid);
    }
    return keep_stamp(work, work.keeps_back || counts_.writes != writes_before);
}

Status EntryApplier::serve(Work& work) {
    const directory::TypeId type = work.mapped.type;
    std::string local;
    const bool was_joined = work.object && work.object->row.type == joined_;
    if (work.object && !was_joined) {
        local = filter_attributes(work.object->local, [&](const auto& path) {
            return !context_.mapper.fills(type, path);
        });
    }
    std::vector<Contribution> given;
    if (work.object && is_served(work.object->row)) {
        BASCULE_TRY(given, contributions(work.object->row.oid, work.mapped.attributes));
    }
    const std::string kept = join_attributes(given_by(given), local);
    std::string body =
        assemble_document(context_.registry, type, work.id, work.mapped.attributes, kept);
    BASCULE_TRY(const std::string retained, retained_attributes(work, body));
    if (!retained.empty()) {
        work.keeps_back = true;
        body = assemble_document(
            context_.registry, type, work.id, work.mapped.attributes,
            join_attributes(kept, retained)
        );
    }
    if (joins() && type == user_) {
        const std::string own =
            assemble_document(context_.registry, type, work.id, work.mapped.attributes, retained);
        BASCULE_TRY(const Join found, find_join(work, own));
        if (!found.reason.empty())
            return refuse_join(work, found);
        if (found.master)
            return join(work, *found.master, own);
    }
    BASCULE_CHECK(leave_join(work));
    const std::string old_body =
        work.object && is_served(work.object->row) ? work.object->body : std::string();
    Status written = write_document(work, body, local);
    if (!written && written.error().code == "uniqueness") {
        const std::size_t yielded = yielded_.size() + places_taken_;
        BASCULE_CHECK(quarantine_duplicate(work, written.error(), body, true));
        if (yielded_.size() + places_taken_ == yielded)
            return {};
        written = write_document(work, body, local);
        if (!written && written.error().code == "uniqueness")
            return quarantine_duplicate(work, written.error(), body, false);
    }
    BASCULE_CHECK(std::move(written));
    BASCULE_CHECK(store_gives(given));
    BASCULE_CHECK(bookkeep(work, EntryState::mirrored, {}, {}));
    return after_served(work, old_body, body);
}

Status EntryApplier::write_document(Work& work, const std::string& body, const std::string& local) {
    const MappedEntry& mapped = work.mapped;
    if (!work.object) {
        BASCULE_TRY(
            const Oid oid,
            transaction_.create({work.id, mapped.type, context_.source, mapped.display, body, local}
            )
        );
        work.row.oid = oid;
        work.newly_served = true;
    } else {
        work.row = work.object->row;
        if (work.row.deleted) {
            // Removed objects are of type Unmapped: coming back cannot clash before the new
            // document is known.
            BASCULE_CHECK(transaction_.restore(work.row.oid));
            work.row.deleted.reset();
            work.object->row.deleted.reset();
        }
        if (work.row.type == mapped.type && work.row.source == context_.source) {
            BASCULE_TRY(
                const bool changed, transaction_.update(work.row.oid, body, local, mapped.display)
            );
            ++(changed ? counts_.updated : counts_.unchanged);
            counts_.writes += changed ? 1 : 0;
            work.row.display = mapped.display;
            if (changed) {
                auto details = changes_of(mapped.type, work.object->body, body);
                std::ranges::move(stamps_of(work), std::back_inserter(details));
                return journal("Update", work.row, std::move(details));
            }
            return {};
        }
        BASCULE_CHECK(transaction_.convert(
            work.row.oid, mapped.type, context_.source, body, local, mapped.display
        ));
        work.newly_served = true;
        if (is_served(work.object->row)) {
            BASCULE_CHECK(clear_references(work.row.oid));
        }
    }
    work.row.id = work.id;
    work.row.type = mapped.type;
    work.row.display = mapped.display;
    ++counts_.added;
    ++counts_.writes;
    std::vector<std::pair<std::string, std::string>> details{{"dn", work.entry.dn}};
    std::ranges::move(stamps_of(work), std::back_inserter(details));
    return journal("Add", work.row, std::move(details));
}

Status EntryApplier::after_served(
    Work& work, const std::string& old_body, const std::string& body
) {
    BASCULE_CHECK(work.again ? settle_references(work.row) : sync_references(work));
    if (!old_body.empty() && old_body != body) {
        BASCULE_CHECK(free_terms(work.mapped.type, old_body, body));
    }
    if (work.mapped.type == user_ && old_body != body)
        BASCULE_CHECK(note_values(old_body, body));
    if (!work.again)
        context_.held.forget_entry(work.entry.anchor);
    if (context_.refresh != nullptr)
        context_.refresh->unmatched.erase(work.entry.anchor);
    const bool renamed =
        old_body.empty() || json_member(old_body, "userName") != json_member(body, "userName");
    if (!work.newly_served && !work.moved && !renamed)
        return {};
    return resolve_all_pending(work.row, work.entry.anchor, work.entry.dn_key, body);
}

/// Attributes that the entry has lost and the object keeps until the loss is found plausible.
Result<std::string> EntryApplier::retained_attributes(const Work& work, const std::string& body) {
    if (!work.object || work.object->row.deleted || !is_in_use(work.object->row))
        return std::string();
    const bool was_joined = work.object->row.type == joined_ && work.mapped.type == user_;
    if (work.object->row.type != work.mapped.type && !was_joined)
        return std::string();
    if (work.object->body == body) {
        forget_losses(work.id, {});
        return std::string();
    }
    std::set<std::string> retained;
    for (const auto& path : vanished_attributes(work.object->body, body)) {
        const std::string name = path.to_string();
        if (was_joined && name == "key")
            continue;
        const auto held = context_.held.attributes.find(name);
        const bool waits = held != context_.held.attributes.end() && held->second.contains(work.id);
        if (context_.refresh != nullptr && !waits)
            context_.refresh->lost_attributes[name].insert(work.id);
        bool stays = waits || context_.refresh != nullptr;
        if (!stays) {
            BASCULE_TRY(const bool may_go, may_lose_now(name));
            stays = !may_go;
        }
        if (stays)
            retained.insert(name);
        if (stays && context_.refresh == nullptr)
            context_.held.attributes[name].insert(work.id);
    }
    forget_losses(work.id, retained);
    return filter_attributes(work.object->body, [&](const auto& path) {
        return retained.contains(path.to_string());
    });
}

/// What the entry shows again is lost no more.
void EntryApplier::forget_losses(const Uuid& id, const std::set<std::string>& still_lost) {
    if (context_.refresh != nullptr) {
        for (auto& [name, ids] : context_.refresh->lost_attributes) {
            if (!still_lost.contains(name))
                ids.erase(id);
        }
    }
    for (auto& [name, ids] : context_.held.attributes) {
        if (!still_lost.contains(name))
            ids.erase(id);
    }
    std::erase_if(context_.held.attributes, [](const auto& one) { return one.second.empty(); });
}

Result<bool> EntryApplier::may_lose_now(const std::string& attribute) {
    BASCULE_TRY(
        const auto total, transaction_.count_entries(context_.source, EntryState::mirrored)
    );
    if (!context_.guard.allows_live_loss(attribute, total, transaction_.now()))
        return false;
    context_.guard.record_loss(attribute, 1, transaction_.now());
    return true;
}

Status EntryApplier::unmatched(Work& work) {
    if (!work.object || !is_in_use(work.object->row)) {
        context_.held.unmatched.erase(work.entry.anchor);
        return bookkeep(work, EntryState::unmatched, work.mapped.reason, {});
    }
    if (context_.refresh != nullptr) {
        context_.refresh->unmatched.insert(work.entry.anchor);
        return keep_bookkeeping(work);
    }
    BASCULE_TRY(
        const auto total, transaction_.count_entries(context_.source, EntryState::mirrored)
    );
    if (!context_.guard.allows_live(1, total, transaction_.now())) {
        context_.held.unmatched.insert(work.entry.anchor);
        return keep_bookkeeping(work);
    }
    context_.guard.record(1, transaction_.now());
    BASCULE_CHECK(bookkeep(work, EntryState::unmatched, work.mapped.reason, {}));
    return shelve(work.entry.anchor, work.mapped.reason);
}

/// Only the place may have changed; what is served stays as it was.
Status EntryApplier::keep_bookkeeping(Work& work) {
    if (!work.previous)
        return bookkeep(work, EntryState::mirrored, {}, {});
    return bookkeep(work, work.previous->state, work.previous->reason, work.previous->blocked_by);
}

/// Writes the entry's bookkeeping when something in it differs.
Status EntryApplier::bookkeep(
    Work& work, EntryState state, std::string reason, std::string blocked_by
) {
    if (work.row.oid == Oid{}) {
        if (work.object) {
            work.row = work.object->row;
        } else {
            BASCULE_TRY(
                work.row.oid,
                transaction_.create({work.id, unmapped_, context_.source, work.entry.dn, "{}", {}})
            );
            work.row.id = work.id;
            work.row.type = unmapped_;
        }
    }
    MirrorEntry entry;
    entry.oid = work.row.oid;
    entry.source = context_.source;
    entry.anchor = work.entry.anchor;
    entry.dn = work.entry.dn;
    entry.dn_key = work.entry.dn_key;
    entry.csn = work.entry.csn;
    entry.state = state;
    entry.reason = std::move(reason);
    entry.blocked_by = std::move(blocked_by);
    const bool rechecked = state == EntryState::mirrored && work.mapped.type == user_ && joins();
    if (state == EntryState::quarantined || rechecked)
        entry.raw = pack_entry(work.entry);
    entry.seen = transaction_.now();
    const auto& old = work.previous;
    const bool same = old && old->dn == entry.dn && old->dn_key == entry.dn_key &&
                      old->state == entry.state && old->reason == entry.reason &&
                      old->blocked_by == entry.blocked_by && old->raw == entry.raw;
    if (same)
        return {};
    ++counts_.writes;
    work.stamp_kept = true;
    BASCULE_CHECK(transaction_.put_entry(entry));
    return old && old->blocked_by != entry.blocked_by ? retry_rivals(*old) : Status{};
}

/// The stamp of an entry whose change made no difference is not worth a write; storms of sign-ins
/// bring nothing else.
Status EntryApplier::keep_stamp(const Work& work, bool changed) {
    const bool known = !changed || work.stamp_kept || !work.previous || work.entry.csn.empty() ||
                       work.previous->csn == work.entry.csn;
    if (known)
        return {};
    BASCULE_TRY(auto entry, transaction_.find_entry(work.row.oid));
    if (!entry)
        return {};
    entry->csn = work.entry.csn;
    return transaction_.put_entry(*entry);
}

std::vector<std::pair<std::string, std::string>> EntryApplier::stamps_of(const Work& work) const {
    std::vector<std::pair<std::string, std::string>> out;
    const std::string former = work.previous ? work.previous->csn : std::string();
    if (!work.entry.csn.empty())
        out.emplace_back(directory::stamp_detail, work.entry.csn);
    if (!former.empty())
        out.emplace_back(directory::former_stamp_detail, former);
    const bool same_entry = !work.entry.csn.empty() && work.entry.csn == former;
    if (context_.remapping || (same_entry && !work.moved && !work.again)) {
        out.emplace_back(directory::cause_detail, directory::mapping_cause);
    } else if (work.entry.csn.empty()) {
        out.emplace_back(directory::cause_detail, directory::time_cause);
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> EntryApplier::changes_of(
    directory::TypeId type, std::string_view before, std::string_view after
) const {
    const auto names = differing_attributes(before, after);
    return {
        {"changed", fmt::format("{}", fmt::join(names, ", "))},
        {directory::changes_detail, changed_values(context_.registry, type, before, after)}};
}

Status EntryApplier::journal(
    std::string_view verb, const ObjectRow& row,
    std::vector<std::pair<std::string, std::string>> details
) {
    directory::JournalRecord record;
    record.actor = {directory::ActorKind::source, {}, context_.source_name};
    record.origin = "Sync";
    record.activity = fmt::format("{} {}", verb, row.type == group_ ? "group" : "user");
    record.target = row.id;
    record.target_type = context_.registry.spec(row.type).name;
    record.target_display = row.display;
    record.details = std::move(details);
    return transaction_.append(std::move(record));
}

}  // namespace bascule::mirror
