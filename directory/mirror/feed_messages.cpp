// What the feed tells of entries, until it is a batch.
#include <algorithm>
#include <utility>

#include "directory/base/text.hpp"
#include "directory/mirror/bulk_load.hpp"

namespace bascule::mirror {

using directory::EntryState;
using directory::SourceEntry;

namespace {

constexpr std::size_t batch_entries = 1000;
constexpr std::size_t batch_references = 50'000;

}  // namespace

Status MirrorEngine::changed(SourceEntry entry) {
    ++counters_.received;
    directory::MappedEntry mapped = map_safely(mapper_, entry);
    const Uuid anchor = entry.anchor;
    if (echoes_ != nullptr && !echoes_->idle())
        echoes_->heard(ids_.of(anchor), mapped.attributes);
    const bool first = !in_refresh_ || seen_.insert(anchor).second;
    named_deletes_.erase(anchor);
    if (load_ && first) {
        BASCULE_CHECK(load_->add(std::move(entry), std::move(mapped), clock_.now()));
        return in_step_ ? load_->drain() : Status();
    }
    batched_references_ += mapped.references.size();
    batch_.push_back({false, anchor, std::move(entry), std::move(mapped)});
    // While a bulk load runs, what comes twice waits for its end.
    const bool full = batch_.size() >= batch_entries || batched_references_ >= batch_references;
    return full && !load_ ? flush() : Status{};
}

Status MirrorEngine::each_held(const std::function<Status(const directory::MirrorEntry&)>& visit) {
    return store_.read([&](directory::Reader& reader) {
        return reader.each_entry(
            state_.id,
            [&](directory::Oid oid, const Uuid&, EntryState) -> Status {
                BASCULE_TRY(const auto entry, reader.find_entry(oid));
                return entry ? visit(*entry) : Status();
            }
        );
    });
}

/// Whether the group stands in the store as its last whole entry was.
Result<bool> MirrorEngine::takes_member_changes(const directory::MemberChange& change) const {
    const auto& attributes = mapper_.member_attributes();
    const bool plain = std::any_of(attributes.begin(), attributes.end(), [&](const auto& name) {
        return equals_ignoring_ascii_case(name, change.attribute);
    });
    const bool going =
        named_deletes_.contains(change.anchor) || notes_.unmatched.contains(change.anchor) ||
        held_.deletes.contains(change.anchor) || held_.unmatched.contains(change.anchor);
    const bool uncertain =
        in_refresh_ &&
        !std::all_of(change.removed.begin(), change.removed.end(), [](const auto& member) {
            return member.anchor;
        });
    if (load_ || !plain || going || uncertain)
        return false;
    bool known = false;
    BASCULE_CHECK(store_.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const auto row, reader.find_row(ids_.of(change.anchor)));
        if (!row || row->type != store_.registry().type("Group"))
            return {};
        BASCULE_TRY(const auto entry, reader.find_entry(row->oid));
        known = entry && entry->state == EntryState::mirrored;
        return {};
    }));
    return known;
}

Result<bool> MirrorEngine::members_changed(directory::MemberChange change) {
    // What an entry in the batch makes of the group must be known first.
    if (!load_ && !batch_.empty() && !batch_.back().members)
        BASCULE_CHECK(flush());
    BASCULE_TRY(const bool taken, takes_member_changes(change));
    if (!taken)
        return false;
    ++counters_.received;
    if (in_refresh_)
        seen_.insert(change.anchor);
    batched_references_ += change.added.size() + change.removed.size();
    Message message{false, change.anchor, {}, {}};
    message.entry.csn = change.csn;
    message.members = std::move(change);
    batch_.push_back(std::move(message));
    const bool full = batch_.size() >= batch_entries || batched_references_ >= batch_references;
    if (full)
        BASCULE_CHECK(flush());
    return true;
}

Status MirrorEngine::present(const std::vector<Uuid>& anchors) {
    if (in_refresh_)
        seen_.insert(anchors.begin(), anchors.end());
    return {};
}

Status MirrorEngine::deleted(const std::vector<Uuid>& anchors) {
    for (const Uuid& anchor : anchors) {
        if (in_refresh_) {
            seen_.erase(anchor);
            named_deletes_.insert(anchor);
        } else {
            batch_.push_back({true, anchor, {}, {}});
        }
    }
    return batch_.size() >= batch_entries && !load_ ? flush() : Status{};
}

Status MirrorEngine::apply_batch(Step& step) {
    for (const Message& message : batch_) {
        if (message.members) {
            BASCULE_CHECK(step.applier.change_members(*message.members));
            continue;
        }
        BASCULE_CHECK(
            message.is_delete ? step.applier.removed_live(message.anchor)
                              : step.applier.upsert(message.entry, message.mapped)
        );
    }
    return {};
}

}  // namespace bascule::mirror
