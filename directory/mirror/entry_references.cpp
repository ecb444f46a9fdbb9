// What the references of an entry lead to, and those of an entry that is not served.
#include <algorithm>

#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/entry_work.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/mirror/reference_index.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::mirror {

using directory::EdgeKind;
using directory::EntryReference;
using directory::ObjectRow;
using directory::Oid;
using directory::PendingReference;

namespace {

constexpr std::size_t page = 1000;

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

bool EntryApplier::may_target(EdgeKind kind, const ObjectRow& row) const {
    return is_served(row) &&
           (row.type == user_ || (kind == EdgeKind::member && row.type == group_));
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
Result<EntryApplier::Resolved> EntryApplier::resolve(const EntryReference& reference, Oid from) {
    Resolved out;
    out.pending = key_of(reference);
    if (reference.dn_key.empty()) {
        BASCULE_TRY(out.row, find_user(reference.user_name));
    } else {
        note_named(reference.kind, reference.dn_key, from);
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

/// An entry in quarantine as a duplicate may be served much later, when the names it was sent with
/// are old. What they lead to now is noted as waiting references.
Status EntryApplier::park_references(Work& work) {
    BASCULE_CHECK(clear_references(work.row.oid));
    return work.mapped.references.each([&](const EntryReference& reference, auto) -> Status {
        BASCULE_TRY(Resolved target, resolve(reference, work.row.oid));
        return transaction_.add_pending(
            {context_.source, std::move(target.pending), reference.kind, work.row.oid}
        );
    });
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

}  // namespace bascule::mirror
