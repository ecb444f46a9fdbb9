// Edges are made what an entry says, and who is told of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "directory/base/json_text.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/entry_work.hpp"
#include "directory/mirror/reference_index.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::mirror {

using directory::EdgeKind;
using directory::ObjectRow;
using directory::Oid;
using directory::PendingReference;

namespace {

constexpr std::size_t names_told = 20;
constexpr std::size_t ids_told = 100;
constexpr std::string_view manager_path =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

}  // namespace

void EntryApplier::MembersTold::add(const ObjectRow& row) {
    ++count;
    if (names.size() < names_told)
        names.push_back(row.display);
    if (ids.size() < ids_told)
        ids.push_back(row.id);
}

Status EntryApplier::sync_references(Work& work) {
    if (work.mapped.type == group_)
        return sync_kind(work, EdgeKind::member);
    return sync_kind(work, EdgeKind::manager);
}

/// What an entry names, compared with the edges that are there. Who is a member already is known by
/// his place, so that a large group costs one pass and not a search for each member.
Result<EntryApplier::Named> EntryApplier::compare_references(const Work& work, EdgeKind kind) {
    Named out;
    const Oid from = work.row.oid;
    const auto& references = work.mapped.references;
    ReferenceIndex index(references, kind);
    const auto compare = [&](Oid target, std::string_view dn_key) {
        const bool stays = !dn_key.empty() && index.tick_off(dn_key);
        out.existing.push_back(target);
        out.stays.push_back(stays);
        if (stays)
            note_named(kind, dn_key, from);
    };
    if (work.object) {
        BASCULE_CHECK(transaction_.each_target_place(kind, from, context_.source, compare));
    }
    std::set<Oid> joined;
    for (const auto place : index.remaining()) {
        BASCULE_TRY(Resolved target, resolve(references.at(place), from));
        if (!target.row) {
            out.waiting.insert(std::move(target.pending));
            continue;
        }
        const Oid oid = target.row->oid;
        const auto at = std::ranges::lower_bound(out.existing, oid);
        if (at != out.existing.end() && *at == oid) {
            out.stays[static_cast<std::size_t>(at - out.existing.begin())] = true;
        } else if (joined.insert(oid).second) {
            out.joined.push_back(*std::move(target.row));
        }
    }
    return out;
}

/// Makes the edges and the waiting references of an object what its entry says, by difference: the
/// cost of writing is that of what changed.
Status EntryApplier::sync_kind(Work& work, EdgeKind kind) {
    const Oid from = work.row.oid;
    BASCULE_TRY(Named named, compare_references(work, kind));
    std::set<Oid> removals;
    for (std::size_t at = 0; at < named.existing.size(); ++at) {
        if (!named.stays[at])
            removals.insert(removals.end(), named.existing[at]);
    }
    if (kind == EdgeKind::member) {
        BASCULE_TRY(const std::set<Uuid> leaving, ids_of(removals));
        if (context_.refresh == nullptr) {
            BASCULE_CHECK(part_members(work.row, named.existing.size(), leaving));
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
    for (const ObjectRow& row : named.joined) {
        BASCULE_TRY(const bool added, transaction_.add_edge(kind, from, row.oid));
        if (added)
            joined.add(row);
    }
    BASCULE_TRY(const auto pending, transaction_.pending_from(kind, from));
    for (const PendingReference& reference : pending) {
        if (named.waiting.erase(reference.dn_key) != 0)
            continue;
        ++counts_.writes;
        BASCULE_CHECK(transaction_.remove_pending(reference));
    }
    if (joined.count != 0 || !removals.empty() || !named.waiting.empty())
        ++counts_.writes;
    for (const std::string& key : named.waiting)
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
