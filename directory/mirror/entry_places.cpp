#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/entry_work.hpp"

namespace bascule::mirror {

using directory::MirrorEntry;
using directory::Oid;
using directory::SourceEntry;

/// Another entry that stands at this DN cannot be there any more: it was renamed or deleted, and we
/// have not heard of it yet. It gives way with all below it, and keeps its written DN until its own
/// message arrives.
Status EntryApplier::make_room(const SourceEntry& entry, Oid self) {
    BASCULE_TRY(const auto other, transaction_.find_entry(context_.source, entry.dn_key));
    if (!other || other->oid == self)
        return {};
    return rebase(*other, vacated_key(other->anchor), other->dn);
}

/// A renamed or moved entry takes everything below along; a server tells of the top only.
Status EntryApplier::move_below(Work& work) {
    if (!work.previous)
        return {};
    BASCULE_TRY(const auto now, transaction_.find_entry(work.previous->oid));
    if (now)
        work.previous = now;  // it may have given way a moment ago, with an ancestor
    if (work.previous->dn_key == work.entry.dn_key)
        return {};
    return rebase(*work.previous, work.entry.dn_key, work.entry.dn);
}

/// Moves an entry with what lies below, except entries whose place this refresh has told already.
Status EntryApplier::rebase(const MirrorEntry& top, const std::string& key, const std::string& dn) {
    BASCULE_TRY(const auto below, transaction_.entries_below(context_.source, top.dn_key));
    BASCULE_CHECK(give_way_below(top, below, key));
    BASCULE_CHECK(transaction_.rebase_entries(context_.source, top.dn_key, key, top.dn, dn));
    for (const MirrorEntry& entry : below) {
        const bool placed = context_.refresh != nullptr && context_.refresh->is_placed(entry.oid);
        if (entry.oid == top.oid || !placed)
            continue;
        BASCULE_TRY(const auto now, transaction_.find_entry(entry.oid));
        if (!now || now->dn_key == entry.dn_key)
            continue;
        BASCULE_CHECK(transaction_.rebase_entries(
            context_.source, now->dn_key, entry.dn_key, now->dn, entry.dn
        ));
    }
    for (const MirrorEntry& entry : below) {
        BASCULE_TRY(const auto now, transaction_.find_entry(entry.oid));
        if (!now || now->dn_key == entry.dn_key)
            continue;
        BASCULE_CHECK(keep_waiting(entry));
        BASCULE_CHECK(leave_place(entry));
        if (entry.oid != top.oid && context_.areas != nullptr &&
            context_.areas->area(entry.dn_key) != context_.areas->area(now->dn_key))
            ++counts_.carried_over;
        BASCULE_TRY(const auto row, transaction_.find_row(entry.oid));
        if (!row || !is_in_use(*row))
            continue;
        BASCULE_TRY(const auto target, target_of(*row));
        if (target)
            BASCULE_CHECK(resolve_pending(now->dn_key, *target));
    }
    return {};
}

/// Where a container goes, entries may stand that were told before it. What would come to the same
/// DNs with it cannot be there any more, and gives way as in make_room().
Status EntryApplier::give_way_below(
    const MirrorEntry& top, const std::vector<MirrorEntry>& below, const std::string& key
) {
    BASCULE_TRY(const auto there, transaction_.entries_below(context_.source, key));
    std::set<std::string_view> taken;
    for (const MirrorEntry& entry : there) {
        if (!entry.dn_key.starts_with(top.dn_key))
            taken.insert(entry.dn_key);
    }
    if (taken.empty())
        return {};
    for (const MirrorEntry& entry : below) {
        if (entry.oid == top.oid || !taken.contains(key + entry.dn_key.substr(top.dn_key.size())))
            continue;
        BASCULE_TRY(const auto now, transaction_.find_entry(entry.oid));
        if (!now || now->dn_key != entry.dn_key)
            continue;
        BASCULE_CHECK(transaction_.rebase_entries(
            context_.source, entry.dn_key, vacated_key(entry.anchor), entry.dn, entry.dn
        ));
    }
    return {};
}

}  // namespace bascule::mirror
