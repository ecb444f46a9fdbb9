// References that wait for an entry, and those that its leaving leaves behind.
#include <algorithm>
#include <iterator>

#include "directory/base/json_text.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/model/journal_details.hpp"

namespace bascule::mirror {

using directory::EdgeKind;
using directory::ObjectRow;
using directory::Oid;
using directory::PendingReference;

namespace {

constexpr std::size_t page = 1000;

}  // namespace

void EntryApplier::note_named(EdgeKind kind, std::string_view dn_key, Oid from) {
    if (context_.refresh != nullptr) {
        context_.refresh->named.emplace(
            std::hash<std::string_view>{}(dn_key), std::pair(kind, from)
        );
    }
}

/// Who named this DN in the running refresh.
std::set<std::pair<EdgeKind, Oid>> EntryApplier::named_in_refresh(const std::string& key) const {
    std::set<std::pair<EdgeKind, Oid>> out;
    if (context_.refresh == nullptr)
        return out;
    const auto [first, last] =
        context_.refresh->named.equal_range(std::hash<std::string_view>{}(key));
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

}  // namespace bascule::mirror
