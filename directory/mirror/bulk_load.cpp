#include "directory/mirror/bulk_load.hpp"

#include <fmt/format.h>

#include "directory/mirror/document.hpp"
#include "directory/mirror/raw_entry.hpp"
#include "directory/mirror/reference_index.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::MappedEntry;
using directory::MirrorEntry;
using directory::SourceEntry;

MirrorEntry MirrorEngine::BulkLoad::bookkeeping(const LoadThread::Arrival& arrival) const {
    MirrorEntry out;
    out.source = source_id_;
    out.anchor = arrival.entry.anchor;
    out.dn = arrival.entry.dn;
    out.dn_key = arrival.entry.dn_key;
    out.csn = arrival.entry.csn;
    out.seen = arrival.seen;
    return out;
}

Status MirrorEngine::BulkLoad::store(const LoadThread::Arrival& arrival) {
    const SourceEntry& entry = arrival.entry;
    const MappedEntry& mapped = arrival.mapped;
    const Uuid id = ids_.of(entry.anchor);
    MirrorEntry record = bookkeeping(arrival);
    record.state = mapped.state;
    record.reason = mapped.reason;
    if (mapped.state != EntryState::mirrored) {
        if (mapped.state == EntryState::quarantined)
            record.raw = pack_entry(entry);
        return loader_->add(
            {id, registry_.type("Unmapped"), source_id_, entry.dn, "{}", {}}, std::move(record), {}
        );
    }
    std::vector<directory::Loader::Reference> references;
    references.reserve(mapped.references.size());
    const auto take = [&](const directory::EntryReference& reference, auto) -> Status {
        if (reference.dn_key.empty())
            user_names_.insert(reference.user_name);
        references.push_back({reference.kind, key_of(reference)});
        return {};
    };
    BASCULE_CHECK(mapped.references.each(take));
    const std::string body = assemble_document(registry_, mapped.type, id, mapped.attributes, {});
    const Status added =
        loader_->add({id, mapped.type, source_id_, mapped.display, body, {}}, record, references);
    if (!added && added.error().code == "uniqueness")
        return store_quarantined(arrival, added.error(), body, references);
    ++(mapped.type == registry_.type("Group") ? groups_ : users_);
    return added;
}

Status MirrorEngine::BulkLoad::store_quarantined(
    const LoadThread::Arrival& arrival, const Error& error, const std::string& body,
    std::span<const directory::Loader::Reference> references
) {
    const SourceEntry& entry = arrival.entry;
    MirrorEntry record = bookkeeping(arrival);
    record.state = EntryState::quarantined;
    record.raw = pack_entry(entry);
    for (const auto& term : terms_of(registry_, arrival.mapped.type, body)) {
        const auto& spec = registry_.spec(term.attribute);
        if (!spec.unique || spec.path.to_string() != error.field)
            continue;
        record.blocked_by = error.field + "=" + term.value;
        record.reason = fmt::format(
            "duplicate: {} '{}' is held by an entry that came earlier", error.field, term.value
        );
    }
    const Uuid id = ids_.of(entry.anchor);
    return loader_->add(
        {id, registry_.type("Unmapped"), source_id_, entry.dn, "{}", {}}, std::move(record),
        references
    );
}

Status MirrorEngine::BulkLoad::finish(const directory::SourceState& state) {
    directory::JournalRecord record;
    record.actor = {directory::ActorKind::source, {}, source_};
    record.origin = "Sync";
    record.activity = "Load source";
    record.target_display = source_;
    record.details = {{"users", std::to_string(users_)}, {"groups", std::to_string(groups_)}};
    return loader_->finish(state, std::move(record));
}

Status MirrorEngine::BulkLoad::resolve_user_names(directory::Transaction& transaction) const {
    const directory::TypeId user = registry_.type("User");
    const auto attribute = registry_.find_attribute(user, {{}, "userName", {}});
    if (!attribute)
        return {};
    for (const std::string& name : user_names_) {
        BASCULE_TRY(const auto users, transaction.find_by_term(*attribute, name, 1));
        if (users.empty() || users.front().row.source != source_id_)
            continue;
        BASCULE_TRY(const auto waiting, transaction.pending_for(source_id_, user_name_key(name)));
        for (const auto& reference : waiting) {
            BASCULE_TRY(
                const bool added,
                transaction.add_edge(reference.kind, reference.from, users.front().row.oid)
            );
            static_cast<void>(added);
            BASCULE_CHECK(transaction.remove_pending(reference));
        }
    }
    return {};
}

}  // namespace bascule::mirror
