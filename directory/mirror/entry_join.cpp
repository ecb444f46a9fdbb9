// How an entry becomes part of an object of another source, and an object of its own again.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "directory/mirror/document.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/entry_work.hpp"
#include "directory/mirror/joined_values.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::mirror {

using directory::AttributePath;
using directory::EdgeKind;
using directory::EntryState;
using directory::joined_edge;
using directory::Object;
using directory::ObjectRow;
using directory::Oid;

namespace {

constexpr std::size_t page = 1000;

/// Kinds of edges that are kept here, whatever the mapping of a source says.
std::vector<EdgeKind> kinds_kept_here(const directory::Registry& registry) {
    std::set<EdgeKind> kinds{
        EdgeKind::member, EdgeKind::manager, EdgeKind::unit_member, EdgeKind::owner};
    for (std::size_t type = 0; type < registry.type_count(); ++type) {
        for (const auto id : registry.attributes(static_cast<directory::TypeId>(type))) {
            if (const auto& edge = registry.spec(id).edge)
                kinds.insert(*edge);
        }
    }
    return {kinds.begin(), kinds.end()};
}

}  // namespace

Status EntryApplier::join(Work& work, const ObjectRow& master, const std::string& body) {
    const bool was_joined = work.object && work.object->row.type == joined_;
    if (was_joined) {
        BASCULE_TRY(const auto former, target_of(work.object->row));
        if (!former || former->oid != master.oid)
            BASCULE_CHECK(leave_join(work));
    }
    BASCULE_CHECK(become_part(work, master, joined_document(body)));
    if (!work.again)
        BASCULE_CHECK(park_references(work));
    BASCULE_TRY(const bool added, transaction_.add_edge(joined_edge, work.row.oid, master.oid));
    counts_.writes += added ? 1 : 0;
    BASCULE_CHECK(bookkeep(work, EntryState::mirrored, {}, {}));
    if (!work.again)
        context_.held.forget_entry(work.entry.anchor);
    if (context_.refresh != nullptr)
        context_.refresh->unmatched.erase(work.entry.anchor);
    BASCULE_CHECK(refresh_master(master.oid));
    return resolve_all_pending(master, work.entry.anchor, work.entry.dn_key, body);
}

/// Gives the entry's row its new form. An object that was served hands over what was kept here.
Status EntryApplier::become_part(Work& work, const ObjectRow& master, const std::string& document) {
    const std::string& display = work.mapped.display;
    if (!work.object) {
        BASCULE_TRY(
            work.row.oid,
            transaction_.create({work.id, joined_, context_.source, display, document, {}})
        );
        work.row.id = work.id;
        work.row.type = joined_;
        work.row.source = context_.source;
        ++counts_.added;
        ++counts_.writes;
        return {};
    }
    Object& object = *work.object;
    work.row = object.row;
    if (object.row.deleted) {
        BASCULE_CHECK(transaction_.restore(object.row.oid));
        object.row.deleted.reset();
        work.row.deleted.reset();
    }
    if (object.row.type == joined_) {
        BASCULE_TRY(
            const bool changed, transaction_.update(object.row.oid, document, object.local, display)
        );
        ++(changed ? counts_.updated : counts_.unchanged);
        counts_.writes += changed ? 1 : 0;
        return {};
    }
    const bool was_served = is_served(object.row);
    if (was_served) {
        BASCULE_CHECK(detach(object.row.oid, work.entry.anchor));
        if (work.again)
            BASCULE_CHECK(park_edges(object.row.oid));
        if (object.row.type == user_)
            BASCULE_CHECK(release_joined(object));
    }
    BASCULE_CHECK(hand_over(object, master));
    BASCULE_CHECK(
        transaction_.convert(object.row.oid, joined_, context_.source, document, {}, display)
    );
    work.row.type = joined_;
    ++counts_.writes;
    if (!was_served)
        return {};
    ++counts_.removed;
    BASCULE_CHECK(journal(
        "Delete", object.row,
        {{"cause", fmt::format("joined to {}", master.display)}, {"joined", master.id.to_string()}}
    ));
    BASCULE_CHECK(note_values(object.body, {}));
    return free_terms(object.row.type, object.body, "{}");
}

/// What was kept here of an object goes to the one it is joined to: attributes which that lacks,
/// memberships in groups and units made here, references of schemas made here.
Status EntryApplier::hand_over(const Object& object, const ObjectRow& master) {
    BASCULE_CHECK(lead_edges(object.row, master));
    if (object.local.empty() || object.local == "{}")
        return {};
    BASCULE_TRY(const auto heir, transaction_.find(master.oid));
    if (!heir)
        return {};
    const auto present = paths_of(heir->body);
    const std::string added = filter_attributes(object.local, [&](const AttributePath& path) {
        return !has_path(present, path) && !is_unique_attribute(context_.registry, user_, path);
    });
    if (added.empty())
        return {};
    const std::string local = join_attributes(heir->local, added);
    const std::string own = filter_attributes(heir->body, [](const auto&) { return true; });
    const std::string body = assemble_document(context_.registry, user_, heir->row.id, own, added);
    BASCULE_TRY(
        [[maybe_unused]] const bool changed,
        transaction_.update(master.oid, body, local, heir->row.display)
    );
    return {};
}

/// Objects made here that refer to this one.
Result<std::vector<ObjectRow>> EntryApplier::kept_here(EdgeKind kind, Oid target) {
    std::vector<ObjectRow> out;
    Oid after{};
    while (true) {
        BASCULE_TRY(const auto rows, transaction_.edge_sources(kind, target, after, page));
        std::ranges::copy_if(rows, std::back_inserter(out), [](const ObjectRow& row) {
            return !row.is_synced();
        });
        if (rows.size() < page)
            return out;
        after = rows.back().oid;
    }
}

Status EntryApplier::lead_edges(const ObjectRow& from, const ObjectRow& to) {
    for (const EdgeKind kind : kinds_kept_here(context_.registry)) {
        BASCULE_TRY(const auto sources, kept_here(kind, from.oid));
        for (const ObjectRow& source : sources) {
            BASCULE_TRY(
                [[maybe_unused]] const bool removed,
                transaction_.remove_edge(kind, source.oid, from.oid)
            );
            BASCULE_TRY(const bool added, transaction_.add_edge(kind, source.oid, to.oid));
            if (kind != EdgeKind::member || source.type != group_)
                continue;
            MembersTold left;
            MembersTold joined;
            left.add(from);
            if (added)
                joined.add(to);
            BASCULE_CHECK(journal_members(source, "Remove member from group", left));
            BASCULE_CHECK(journal_members(source, "Add member to group", joined));
        }
        if (!directory::is_own_edge_kind(kind))
            continue;
        BASCULE_TRY(const auto targets, transaction_.edge_targets(kind, from.oid, {}, page));
        for (const ObjectRow& target : targets) {
            BASCULE_TRY(
                [[maybe_unused]] const bool added, transaction_.add_edge(kind, to.oid, target.oid)
            );
        }
        BASCULE_TRY([[maybe_unused]] const auto cleared, transaction_.clear_edges(kind, from.oid));
    }
    return {};
}

/// An entry that could be joined in more than one way is not served, whichever came first.
Status EntryApplier::refuse_join(Work& work, const Join& join) {
    BASCULE_CHECK(leave_join(work));
    if (work.object && is_served(work.object->row)) {
        Object& object = *work.object;
        work.row = object.row;
        BASCULE_CHECK(work.again ? park_edges(object.row.oid) : park_references(work));
        BASCULE_CHECK(detach(object.row.oid, work.entry.anchor));
        BASCULE_CHECK(release_joined(object));
        BASCULE_CHECK(transaction_.convert(
            object.row.oid, unmapped_, context_.source, "{}", object.local, object.row.display
        ));
        BASCULE_CHECK(transaction_.remove(object.row.oid));
        ++counts_.removed;
        ++counts_.writes;
        BASCULE_CHECK(journal("Delete", object.row, {{"cause", join.reason}}));
        BASCULE_CHECK(note_values(object.body, {}));
        BASCULE_CHECK(free_terms(object.row.type, object.body, "{}"));
        return quarantine(work, join.reason, join.blocked);
    }
    BASCULE_CHECK(quarantine(work, join.reason, join.blocked));
    return work.again ? Status{} : park_references(work);
}

/// Ends what the entry of a joined row contributes. The row is nobody's part afterwards.
Status EntryApplier::leave_join(const Object& row, const Uuid& anchor) {
    BASCULE_TRY(const auto master, target_of(row.row));
    if (master) {
        BASCULE_TRY(
            const auto groups, transaction_.edge_sources(EdgeKind::member, master->oid, {}, page)
        );
        BASCULE_CHECK(detach(master->oid, anchor));
        MembersTold left;
        left.add(*master);
        for (const ObjectRow& group : groups) {
            if (group.source == context_.source)
                BASCULE_CHECK(journal_members(group, "Remove member from group", left));
        }
        BASCULE_TRY(
            [[maybe_unused]] const bool removed,
            transaction_.remove_edge(joined_edge, row.row.oid, master->oid)
        );
    }
    BASCULE_CHECK(
        transaction_.convert(row.row.oid, unmapped_, context_.source, "{}", {}, row.row.display)
    );
    ++counts_.writes;
    if (!master)
        return {};
    BASCULE_CHECK(refresh_master(master->oid, row.local));
    directory::MirrorEntry former;
    former.blocked_by = "join:" + master->id.to_string();
    return retry_rivals(former);
}

Status EntryApplier::leave_join(Work& work) {
    if (!work.object || work.object->row.type != joined_ || work.object->row.deleted)
        return {};
    BASCULE_CHECK(leave_join(*work.object, work.entry.anchor));
    work.object->row.type = unmapped_;
    work.object->body = "{}";
    work.object->local.clear();
    return {};
}

bool EntryApplier::may_take_place(const directory::MirrorEntry& entry) const {
    return context_.joins != nullptr && !context_.joins->match(entry.source).empty() &&
           context_.joins->is_earlier(context_.source, entry.source);
}

/// An object of a later source that joins gives its name to this one; what becomes of its entry is
/// for its own source to say.
Status EntryApplier::take_place(const Object& holder, const directory::MirrorEntry& entry) {
    ++places_taken_;
    BASCULE_CHECK(release_joined(holder));
    BASCULE_CHECK(detach_for(entry, holder.row.oid));
    BASCULE_CHECK(transaction_.convert(
        holder.row.oid, unmapped_, entry.source, "{}", holder.local, holder.row.display
    ));
    BASCULE_CHECK(transaction_.remove(holder.row.oid));
    BASCULE_CHECK(journal(
        "Delete", holder.row,
        {{"cause", fmt::format("its name belongs to an entry of source {}", context_.source_name)}}
    ));
    BASCULE_CHECK(note_values(holder.body, {}));
    return recheck_later(entry.source, entry.oid);
}

/// References of another source to and from an object that is not its entry's any more wait for the
/// entry.
Status EntryApplier::detach_for(const directory::MirrorEntry& entry, Oid object) {
    HeldPlan held;
    BASCULE_TRY(const auto states, transaction_.source_states());
    for (const auto& state : states) {
        if (state.id == entry.source)
            held = HeldPlan::parse(state.held_plan);
    }
    BASCULE_TRY(const auto own, transaction_.find_row(entry.oid));
    for (const EdgeKind kind : {EdgeKind::member, EdgeKind::manager}) {
        BASCULE_TRY(const auto rows, transaction_.edge_sources(kind, object, {}, page));
        for (const ObjectRow& row : rows) {
            if (row.source != entry.source)
                continue;
            BASCULE_TRY(
                [[maybe_unused]] const bool removed, transaction_.remove_edge(kind, row.oid, object)
            );
            const auto leaving = held.memberships.find(row.id);
            const bool named =
                leaving == held.memberships.end() || !own || !leaving->second.contains(own->id);
            if (named)
                BASCULE_CHECK(transaction_.add_pending(
                    {entry.source, anchor_key(entry.anchor), kind, row.oid}
                ));
        }
        if (object != entry.oid)
            continue;
        BASCULE_TRY(const auto targets, transaction_.edge_targets(kind, object, {}, page));
        for (const ObjectRow& target : targets) {
            BASCULE_TRY(const auto place, place_in(entry.source, target));
            if (place)
                BASCULE_CHECK(transaction_.add_pending(
                    {entry.source, anchor_key(place->anchor), kind, object}
                ));
        }
        BASCULE_TRY([[maybe_unused]] const auto cleared, transaction_.clear_edges(kind, object));
    }
    return {};
}

/// The entry of a source that is, or is part of, an object.
Result<std::optional<directory::MirrorEntry>> EntryApplier::place_in(
    directory::SourceId source, const ObjectRow& object
) {
    if (object.source == source)
        return transaction_.find_entry(object.oid);
    BASCULE_TRY(const auto parts, transaction_.edge_sources(joined_edge, object.oid, {}, page));
    const auto found = std::ranges::find(parts, source, &ObjectRow::source);
    return found == parts.end() ? Result<std::optional<directory::MirrorEntry>>()
                                : transaction_.find_entry(found->oid);
}

Status EntryApplier::forget_waiting(const Uuid& member, Oid group) {
    BASCULE_TRY(const auto object, transaction_.find_any(member));
    if (!object)
        return {};
    BASCULE_TRY(const auto entry, transaction_.find_entry(object->row.oid));
    return entry ? transaction_.remove_pending(
                       {context_.source, anchor_key(entry->anchor), EdgeKind::member, group}
                   )
                 : Status{};
}

}  // namespace bascule::mirror
