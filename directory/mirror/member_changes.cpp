#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/identity.hpp"

namespace bascule::mirror {

using directory::EdgeKind;
using directory::MemberChange;
using directory::ObjectRow;
using directory::Oid;
using directory::PendingReference;

Status EntryApplier::change_members(const MemberChange& change) {
    BASCULE_TRY(const auto group, transaction_.find_row(context_.ids.of(change.anchor)));
    if (!group || group->type != group_)
        return {};
    const std::uint64_t writes_before = counts_.writes;
    BASCULE_CHECK(add_members(*group, change.added, change.csn));
    BASCULE_CHECK(remove_members(*group, change.removed));
    if (counts_.writes == writes_before || change.csn.empty())
        return {};
    BASCULE_TRY(auto entry, transaction_.find_entry(group->oid));
    if (!entry || entry->csn == change.csn)
        return {};
    entry->csn = change.csn;
    return transaction_.put_entry(*entry);
}

/// Whom a value names: by anchor where it is told, because its place in the tree may be an old one.
/// Then who is not there is waited for by anchor too, so that nobody else takes the place.
Result<EntryApplier::Resolved> EntryApplier::resolve_member(
    const MemberChange::Member& member, Oid group
) {
    if (!member.anchor)
        return resolve({EdgeKind::member, member.dn_key, {}}, group);
    BASCULE_TRY(const auto known, transaction_.find_row(context_.ids.of(*member.anchor)));
    if (known) {
        BASCULE_TRY(auto row, target_of(*known));
        if (row && may_target(EdgeKind::member, *row))
            return Resolved{std::move(row), {}};
    }
    return Resolved{std::nullopt, anchor_key(*member.anchor)};
}

Status EntryApplier::add_members(
    const ObjectRow& group, const std::vector<MemberChange::Member>& members,
    const std::string& stamp
) {
    MembersTold joined;
    for (const MemberChange::Member& member : members) {
        BASCULE_TRY(const Resolved target, resolve_member(member, group.oid));
        if (!target.row) {
            BASCULE_TRY(const bool waits, is_waiting(target.pending, group.oid));
            if (waits)
                continue;
            ++counts_.writes;
            BASCULE_CHECK(transaction_.add_pending(
                {context_.source, target.pending, EdgeKind::member, group.oid}
            ));
            continue;
        }
        BASCULE_TRY(const Uuid id, own_id(*target.row));
        stays(group.id, id);
        BASCULE_TRY(
            const bool added, transaction_.add_edge(EdgeKind::member, group.oid, target.row->oid)
        );
        if (added)
            joined.add(*target.row);
    }
    if (joined.count != 0)
        ++counts_.writes;
    context_.guard.record_joined(group.id, joined.count, transaction_.now());
    return journal_members(group, "Add member to group", joined, stamp);
}

Status EntryApplier::remove_members(
    const ObjectRow& group, const std::vector<MemberChange::Member>& members
) {
    std::set<Uuid> leaving;
    for (const MemberChange::Member& member : members) {
        BASCULE_TRY(const Resolved target, resolve_member(member, group.oid));
        forget_named(member.dn_key, group.oid);
        BASCULE_CHECK(stop_waiting(member.dn_key, group.oid));
        if (member.anchor)
            BASCULE_CHECK(stop_waiting(anchor_key(*member.anchor), group.oid));
        if (!target.row) {
            BASCULE_CHECK(stop_waiting(target.pending, group.oid));
            continue;
        }
        BASCULE_TRY(
            const bool linked, transaction_.has_edge(EdgeKind::member, group.oid, target.row->oid)
        );
        if (!linked)
            continue;
        BASCULE_TRY(const Uuid id, own_id(*target.row));
        leaving.insert(id);
    }
    if (leaving.empty())
        return {};
    // Who waits for a decision already goes on waiting.
    const auto held = context_.held.memberships.find(group.id);
    if (held != context_.held.memberships.end())
        leaving.insert(held->second.begin(), held->second.end());
    if (context_.refresh != nullptr) {
        context_.refresh->leaving[group.id].insert(leaving.begin(), leaving.end());
        return {};
    }
    BASCULE_TRY(const auto size, transaction_.count_edges(EdgeKind::member, group.oid));
    return part_members(group, size, leaving);
}

Result<bool> EntryApplier::is_waiting(const std::string& key, Oid group) {
    BASCULE_TRY(const auto waiting, transaction_.pending_for(context_.source, key));
    return std::any_of(waiting.begin(), waiting.end(), [&](const PendingReference& one) {
        return one.from == group && one.kind == EdgeKind::member;
    });
}

Status EntryApplier::stop_waiting(const std::string& key, Oid group) {
    BASCULE_TRY(const bool waits, is_waiting(key, group));
    if (!waits)
        return {};
    ++counts_.writes;
    return transaction_.remove_pending({context_.source, key, EdgeKind::member, group});
}

/// The group does not name this DN any more, whoever will be found there.
void EntryApplier::forget_named(const std::string& key, Oid group) {
    if (context_.refresh == nullptr)
        return;
    auto& named = context_.refresh->named;
    const auto [first, last] = named.equal_range(std::hash<std::string>{}(key));
    for (auto one = first; one != last;) {
        one = one->second == std::pair(EdgeKind::member, group) ? named.erase(one) : std::next(one);
    }
}

}  // namespace bascule::mirror
