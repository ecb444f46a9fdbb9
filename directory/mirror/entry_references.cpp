#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "directory/base/json_text.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/entry_work.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/model/internal_types.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::mirror {

using directory::EdgeKind;
using directory::MappedEntry;
using directory::ObjectRow;
using directory::Oid;
using directory::PendingReference;

namespace {

constexpr std::size_t page = 1000;
constexpr std::size_t names_told = 20;
constexpr std::size_t ids_told = 100;
constexpr std::string_view manager_path =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

Result<std::set<Oid>> all_targets(directory::Reader& reader, EdgeKind kind, Oid from) {
    std::set<Oid> out;
    Oid after{};
    while (true) {
        BASCULE_TRY(const auto rows, reader.edge_targets(kind, from, after, page));
        for (const ObjectRow& row : rows)
            out.insert(out.end(), row.oid);
        if (rows.size() < page)
            return out;
        after = rows.back().oid;
    }
}

}  // namespace

void EntryApplier::MembersTold::add(const ObjectRow& row) {
    ++count;
    if (names.size() < names_told)
        names.push_back(row.display);
    if (ids.size() < ids_told)
        ids.push_back(row.id);
}

bool EntryApplier::may_target(EdgeKind kind, const ObjectRow& row) const {
    return is_served(row) &&
           (row.type == user_ || (kind == EdgeKind::member && row.type == group_));
}

Status EntryApplier::sync_references(Work& work) {
    if (work.mapped.type == group_)
        return sync_kind(work, EdgeKind::member);
    return sync_kind(work, EdgeKind::manager);
}

Result<std::optional<ObjectRow>> EntryApplier::find_user(std::string_view user_name) {
    const auto attribute = context_.registry.find_attribute(user_, {{}, "userName", {}});
    if (!attribute)
        return std::nullopt;
    BASCULE_TRY(const auto users, transaction_.find_by_term(*attribute, user_name, 1));
    if (!users.empty() && users.front().row.source == context_.source)
        return users.front().row;
    return joins() ? find_joined_user(user_name) : std::optional<ObjectRow>();
}

Result<std::optional<ObjectRow>> EntryApplier::target_of(const ObjectRow& row) {
    if (row.type != joined_)
        return row;
    BASCULE_TRY(
        const auto masters, transaction_.edge_targets(directory::joined_edge, row.oid, {}, 1)
    );
    return masters.empty() ? std::optional<ObjectRow>() : masters.front();
}

Result<Uuid> EntryApplier::own_id(const ObjectRow& row) {
    BASCULE_TRY(const auto part, own_part(row));
    return part ? part->id : row.id;
}

/// The row of this source that is joined to an object of another one.
Result<std::optional<ObjectRow>> EntryApplier::own_part(const ObjectRow& row) {
    if (row.source == context_.source || row.type != user_ || !joins())
        return std::nullopt;
    BASCULE_TRY(
        const auto parts, transaction_.edge_sources(directory::joined_edge, row.oid, {}, page)
    );
    const auto found = std::ranges::find(parts, context_.source, &ObjectRow::source);
    return found == parts.end() ? std::optional<ObjectRow>() : *found;
}

/// An entry that is there is waited for by its anchor: it may be renamed without a word to those
/// who name it.
Result<EntryApplier::Resolved> EntryApplier::resolve(
    const MappedEntry::Reference& reference, Oid from
) {
    Resolved out;
    if (reference.dn_key.empty()) {
        out.pending = user_name_key(reference.user_name);
        BASCULE_TRY(out.row, find_user(reference.user_name));
    } else {
        if (context_.refresh != nullptr) {
            context_.refresh->named.emplace(
                std::hash<std::string>{}(reference.dn_key), std::pair(reference.kind, from)
            );
        }
        out.pending = reference.dn_key;
        BASCULE_TRY(const auto entry, transaction_.find_entry(context_.source, reference.dn_key));
        if (entry) {
            out.pending = anchor_key(entry->anchor);
            BASCULE_TRY(out.row, transaction_.find_row(entry->oid));
            if (out.row) {
                BASCULE_TRY(out.row, target_of(*out.row));
            }
        }
    }
    if (out.row && !may_target(reference.kind, *out.row))
        out.row.reset();
    return out;
}

/// The object that a key of a waiting reference leads to, whether it may be a target or not.
Result<std::optional<ObjectRow>> EntryApplier::find_by_key(const std::string& key) {
    if (const auto user_name = user_name_in_key(key))
        return find_user(*user_name);
    std::optional<ObjectRow> row;
    if (const auto anchor = anchor_in_key(key)) {
        BASCULE_TRY(row, transaction_.find_row(context_.ids.of(*anchor)));
    } else {
        BASCULE_TRY(const auto entry, transaction_.find_entry(context_.source, key));
        if (entry) {
            BASCULE_TRY(row, transaction_.find_row(entry->oid));
        }
    }
    return row ? target_of(*row) : Result<std::optional<ObjectRow>>();
}

/// An entry in quarantine as a duplicate may be served much later, when the names it was sent with
/// are old. What they lead to now is noted as waiting references.
Status EntryApplier::park_references(Work& work) {
    BASCULE_CHECK(clear_references(work.row.oid));
    for (const MappedEntry::Reference& reference : work.mapped.references) {
        BASCULE_TRY(Resolved target, resolve(reference, work.row.oid));
        BASCULE_CHECK(transaction_.add_pending(
            {context_.source, std::move(target.pending), reference.kind, work.row.oid}
        ));
    }
    return {};
}

/// The same for an object that is served and gives way: its edges wait for its return.
Status EntryApplier::park_edges(Oid from) {
    for (const EdgeKind kind : {EdgeKind::member, EdgeKind::manager}) {
        BASCULE_TRY(const std::set<Oid> targets, all_targets(transaction_, kind, from));
        for (const Oid target : targets) {
            BASCULE_TRY(const auto row, transaction_.find_row(target));
            BASCULE_TRY(const auto part, row ? own_part(*row) : Result<std::optional<ObjectRow>>());
            BASCULE_TRY(const auto entry, transaction_.find_entry(part ? part->oid : target));
            if (entry) {
                BASCULE_CHECK(transaction_.add_pending(
                    {context_.source, anchor_key(entry->anchor), kind, from}
                ));
            }
        }
        BASCULE_CHECK(transaction_.clear_edges(kind, from));
    }
    return {};
}

/// Waiting references of an object that has come out of quarantine become edges.
Status EntryApplier::settle_references(const ObjectRow& from) {
    const EdgeKind kind = from.type == group_ ? EdgeKind::member : EdgeKind::manager;
    BASCULE_TRY(const auto waiting, transaction_.pending_from(kind, from.oid));
    for (const PendingReference& reference : waiting) {
        BASCULE_TRY(const auto target, find_by_key(reference.dn_key));
        if (!target || !may_target(kind, *target))
            continue;
        BASCULE_CHECK(transaction_.remove_pending(reference));
        BASCULE_TRY(const bool added, transaction_.add_edge(kind, from.oid, target->oid));
        counts_.writes += added ? 1 : 0;
    }
    return {};
}

Status EntryApplier::clear_references(Oid from) {
    for (const EdgeKind kind : {EdgeKind::member, EdgeKind::manager}) {
        BASCULE_CHECK(transaction_.clear_edges(kind, from));
        BASCULE_CHECK(transaction_.clear_pending(kind, from));
    }
    return {};
}

/// Makes the edges and the waiting references of an object what its entry says, by difference: the
/// cost of writing is that of what changed.
Status EntryApplier::sync_kind(Work& work, EdgeKind kind) {
    const Oid from = work.row.oid;
    std::set<Oid> wanted;
    std::set<std::string> wanted_pending;
    std::vector<ObjectRow> rows;
    for (const MappedEntry::Reference& reference : work.mapped.references) {
        if (reference.kind != kind)
            continue;
        BASCULE_TRY(Resolved target, resolve(reference, from));
        if (!target.row) {
            wanted_pending.insert(std::move(target.pending));
        } else if (wanted.insert(target.row->oid).second) {
            rows.push_back(*std::move(target.row));
        }
    }
    std::set<Oid> existing;
    if (work.object) {
        BASCULE_TRY(existing, all_targets(transaction_, kind, from));
    }
    std::set<Oid> removals;
    std::set_difference(
        existing.begin(), existing.end(), wanted.begin(), wanted.end(),
        std::inserter(removals, removals.end())
    );
    if (kind == EdgeKind::member) {
        BASCULE_TRY(const std::set<Uuid> leaving, ids_of(removals));
        if (context_.refresh == nullptr) {
            BASCULE_CHECK(part_members(work.row, existing.size(), leaving));
        } else if (leaving.empty()) {
            context_.refresh->leaving.erase(work.id);
            context_.held.memberships.erase(work.id);
        } else {
            // A refresh sends in any order: a member may just be named by a DN that is still to
            // come.
            context_.refresh->leaving[work.id] = leaving;
        }
        removals.clear();
    }
    for (const Oid target : removals)
        BASCULE_CHECK(transaction_.remove_edge(kind, from, target));
    MembersTold joined;
    for (const ObjectRow& row : rows) {
        if (existing.contains(row.oid))
            continue;
        BASCULE_TRY(const bool added, transaction_.add_edge(kind, from, row.oid));
        if (added)
            joined.add(row);
    }
    BASCULE_TRY(const auto pending, transaction_.pending_from(kind, from));
    for (const PendingReference& reference : pending) {
        if (wanted_pending.erase(reference.dn_key) != 0)
            continue;
        ++counts_.writes;
        BASCULE_CHECK(transaction_.remove_pending(reference));
    }
    if (joined.count != 0 || !removals.empty() || !wanted_pending.empty())
        ++counts_.writes;
    for (const std::string& key : wanted_pending)
        BASCULE_CHECK(transaction_.add_pending({context_.source, key, kind, from}));
    if (kind == EdgeKind::manager) {
        if (joined.count == 0 && removals.empty())
            return {};
        BASCULE_TRY(std::string change, manager_change(removals, joined));
        std::vector<std::pair<std::string, std::string>> details{
            {"changed", "manager"}, {directory::changes_detail, std::move(change)}};
        std::ranges::move(stamps_of(work), std::back_inserter(details));
        return journal("Update", work.row, std::move(details));
    }
    context_.guard.record_joined(work.id, joined.count, transaction_.now());
    return journal_members(work.row, "Add member to group", joined, work.entry.csn);
}

/// The change of a manager as the journal tells changes of attributes.
Result<std::string> EntryApplier::manager_change(
    const std::set<Oid>& left, const MembersTold& joined
) {
    std::string text;
    JsonWriter json(text);
    json.begin_array().begin_object().field("attribute", manager_path);
    for (const Oid oid : left) {
        BASCULE_TRY(const auto row, transaction_.find_row(oid));
        if (row)
            json.field("before", row->display);
    }
    if (!joined.names.empty())
        json.field("after", joined.names.front());
    json.end_object().end_array();
    return text;
}

Result<std::set<Uuid>> EntryApplier::ids_of(const std::set<Oid>& objects) {
    std::set<Uuid> out;
    for (const Oid oid : objects) {
        BASCULE_TRY(const auto row, transaction_.find_row(oid));
        if (!row)
            continue;
        BASCULE_TRY(const Uuid id, own_id(*row));
        out.insert(id);
    }
    return out;
}

Status EntryApplier::decide_leaving(const Uuid& group, const std::set<Uuid>& members) {
    BASCULE_TRY(const auto row, transaction_.find_row(group));
    if (!row)
        return {};
    BASCULE_TRY(const auto size, transaction_.count_edges(EdgeKind::member, row->oid));
    return part_members(*row, size, members);
}

/// Members that a group of `size` does not name any more leave, or join the held plan.
Status EntryApplier::part_members(
    const ObjectRow& group, std::size_t size, const std::set<Uuid>& members
) {
    auto& memberships = context_.held.memberships;
    std::set<Uuid> waiting;
    std::set<Uuid> fresh;
    const auto held = memberships.find(group.id);
    for (const Uuid& member : members)
        (held != memberships.end() && held->second.contains(member) ? waiting : fresh)
            .insert(member);
    if (!context_.guard.allows_leaving(group.id, fresh.size(), size, transaction_.now())) {
        memberships[group.id] = members;
        return {};
    }
    memberships.erase(group.id);
    if (!waiting.empty())
        memberships[group.id] = std::move(waiting);
    MembersTold left;
    for (const Uuid& member : fresh) {
        if (joins())
            BASCULE_CHECK(forget_waiting(member, group.oid));
        BASCULE_TRY(const auto known, transaction_.find_row(member));
        BASCULE_TRY(const auto row, known ? target_of(*known) : Result<std::optional<ObjectRow>>());
        if (!row)
            continue;
        BASCULE_TRY(
            const bool removed, transaction_.remove_edge(EdgeKind::member, group.oid, row->oid)
        );
        if (removed)
            left.add(*row);
    }
    counts_.writes += left.count;
    context_.guard.record_left(group.id, left.count, transaction_.now());
    return journal_members(group, "Remove member from group", left);
}

/// Who named this DN in the running refresh.
std::set<std::pair<EdgeKind, Oid>> EntryApplier::named_in_refresh(const std::string& key) const {
    std::set<std::pair<EdgeKind, Oid>> out;
    if (context_.refresh == nullptr)
        return out;
    const auto [first, last] = context_.refresh->named.equal_range(std::hash<std::string>{}(key));
    std::transform(first, last, std::inserter(out, out.end()), [](const auto& one) {
        return one.second;
    });
    return out;
}

/// Who waits for a DN where this entry stood meant this entry, and goes on waiting for it when it
/// leaves; except who named the DN in this refresh, which knew better.
Status EntryApplier::keep_waiting(const directory::MirrorEntry& entry) {
    BASCULE_TRY(const auto waiting, transaction_.pending_for(context_.source, entry.dn_key));
    if (waiting.empty())
        return {};
    const auto named = named_in_refresh(entry.dn_key);
    for (const PendingReference& reference : waiting) {
        if (named.contains({reference.kind, reference.from}))
            continue;
        BASCULE_CHECK(transaction_.remove_pending(reference));
        BASCULE_CHECK(transaction_.add_pending(
            {context_.source, anchor_key(entry.anchor), reference.kind, reference.from}
        ));
        ++counts_.writes;
    }
    return {};
}

/// In a refresh, references may be read before the news that the entry at their DN has moved. When
/// it does move, who named that DN did not mean it, but the one that is there now.
Status EntryApplier::leave_place(const directory::MirrorEntry& entry) {
    if (context_.refresh == nullptr)
        return {};
    for (const auto& [kind, from] : named_in_refresh(entry.dn_key)) {
        BASCULE_TRY(const auto left, transaction_.find_row(entry.oid));
        BASCULE_TRY(
            const auto target, left ? target_of(*left) : Result<std::optional<ObjectRow>>()
        );
        BASCULE_TRY(
            const bool linked, transaction_.has_edge(kind, from, target ? target->oid : entry.oid)
        );
        BASCULE_TRY(const auto row, transaction_.find_row(from));
        if (!row)
            continue;
        ++counts_.writes;
        BASCULE_CHECK(
            transaction_.remove_pending({context_.source, anchor_key(entry.anchor), kind, from})
        );
        BASCULE_CHECK(transaction_.add_pending({context_.source, entry.dn_key, kind, from}));
        if (!linked)
            continue;
        if (kind == EdgeKind::member) {
            context_.refresh->leaving[row->id].insert(context_.ids.of(entry.anchor));
        } else {
            BASCULE_TRY(
                const bool removed,
                transaction_.remove_edge(kind, from, target ? target->oid : entry.oid)
            );
            static_cast<void>(removed);
        }
    }
    return {};
}

bool EntryApplier::is_leaving(const Uuid& group, const Uuid& member) const {
    const auto contains = [&](const std::map<Uuid, std::set<Uuid>>& leaving) {
        const auto found = leaving.find(group);
        return found != leaving.end() && found->second.contains(member);
    };
    return contains(context_.held.memberships) ||
           (context_.refresh != nullptr && contains(context_.refresh->leaving));
}

/// A member that was thought to leave is named again.
void EntryApplier::stays(const Uuid& group, const Uuid& member) {
    const auto forget = [&](std::map<Uuid, std::set<Uuid>>& leaving) {
        const auto found = leaving.find(group);
        if (found == leaving.end())
            return;
        found->second.erase(member);
        if (found->second.empty())
            leaving.erase(found);
    };
    forget(context_.held.memberships);
    if (context_.refresh != nullptr)
        forget(context_.refresh->leaving);
}

/// References that waited for this object become edges.
Status EntryApplier::resolve_pending(const std::string& key, const ObjectRow& target) {
    BASCULE_TRY(const auto waiting, transaction_.pending_for(context_.source, key));
    for (const PendingReference& reference : waiting) {
        if (!may_target(reference.kind, target))
            continue;
        BASCULE_TRY(const auto from, transaction_.find_row(reference.from));
        if (!from || !is_served(*from))
            continue;
        BASCULE_CHECK(transaction_.remove_pending(reference));
        ++counts_.writes;
        BASCULE_TRY(const Uuid id, own_id(target));
        stays(from->id, id);
        BASCULE_TRY(
            const bool added, transaction_.add_edge(reference.kind, reference.from, target.oid)
        );
        if (!added)
            continue;
        if (reference.kind == EdgeKind::member) {
            MembersTold joined;
            joined.add(target);
            context_.guard.record_joined(from->id, 1, transaction_.now());
            BASCULE_CHECK(journal_members(*from, "Add member to group", joined));
        } else {
            MembersTold joined;
            joined.add(target);
            BASCULE_TRY(std::string change, manager_change({}, joined));
            BASCULE_CHECK(journal(
                "Update", *from,
                {{"changed", "manager"}, {directory::changes_detail, std::move(change)}}
            ));
        }
    }
    return {};
}

Status EntryApplier::resolve_all_pending(
    const ObjectRow& row, const Uuid& anchor, const std::string& dn_key, std::string_view body
) {
    BASCULE_CHECK(resolve_pending(dn_key, row));
    BASCULE_CHECK(resolve_pending(anchor_key(anchor), row));
    const auto user_name = json_text_member(body, "userName");
    if (!user_name)
        return {};
    return resolve_pending(user_name_key(*user_name), row);
}

/// Takes all edges to an object that leaves away from objects of this source. Groups remember it by
/// its anchor, not by its DN: the same entry gets its memberships back, another one with the same
/// DN does not inherit them.
Status EntryApplier::detach(Oid oid, const Uuid& anchor) {
    const Uuid id = context_.ids.of(anchor);
    for (const EdgeKind kind : {EdgeKind::member, EdgeKind::manager}) {
        Oid after{};
        while (true) {
            BASCULE_TRY(const auto rows, transaction_.edge_sources(kind, oid, after, page));
            for (const ObjectRow& row : rows) {
                after = row.oid;
                if (row.source != context_.source)
                    continue;
                BASCULE_CHECK(transaction_.remove_edge(kind, row.oid, oid));
                // Whose leaving is held or to be decided is not named by the group any more.
                const bool named = !is_leaving(row.id, id);
                if (kind == EdgeKind::member)
                    stays(row.id, id);
                if (named) {
                    BASCULE_CHECK(transaction_.add_pending(
                        {context_.source, anchor_key(anchor), kind, row.oid}
                    ));
                }
            }
            if (rows.size() < page)
                break;
        }
    }
    return {};
}

Status EntryApplier::remove_member(const Uuid& group, const Uuid& member) {
    BASCULE_TRY(const auto from, transaction_.find_row(group));
    BASCULE_TRY(const auto known, transaction_.find_row(member));
    BASCULE_TRY(const auto target, known ? target_of(*known) : Result<std::optional<ObjectRow>>());
    if (!from || !target)
        return {};
    BASCULE_TRY(
        const bool removed, transaction_.remove_edge(EdgeKind::member, from->oid, target->oid)
    );
    if (!removed)
        return {};
    MembersTold left;
    left.add(*target);
    return journal_members(*from, "Remove member from group", left);
}

Status EntryApplier::journal_members(
    const ObjectRow& group, std::string_view activity, const MembersTold& members,
    const std::string& stamp
) {
    if (members.count == 0)
        return {};
    directory::JournalRecord record;
    record.actor = {directory::ActorKind::source, {}, context_.source_name};
    record.origin = "Sync";
    record.activity = std::string(activity);
    record.target = group.id;
    record.target_type = "Group";
    record.target_display = group.display;
    std::string ids;
    for (const Uuid& id : members.ids)
        ids.append(ids.empty() ? "" : " ").append(id.to_string());
    record.details = {
        {"members", fmt::format("{}", fmt::join(members.names, ", "))},
        {activity.starts_with("Add") ? "added" : "removed", std::move(ids)},
        {"count", std::to_string(members.count)},
    };
    if (!stamp.empty())
        record.details.emplace_back(directory::stamp_detail, stamp);
    return transaction_.append(std::move(record));
}

}  // namespace bascule::mirror
