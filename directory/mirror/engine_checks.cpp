// What the engine looks at again without a word of the feed.
#include <utility>

#include "directory/mirror/bulk_load.hpp"
#include "directory/mirror/freed_entries.hpp"

namespace bascule::mirror {

using directory::SourceEntry;

namespace {

constexpr std::size_t rechecks_at_once = 5'000;

}  // namespace

Status MirrorEngine::attend_to_others() {
    if (in_refresh_ || load_)
        return {};
    bool waiting = false;
    std::int64_t sequence = 0;
    std::vector<directory::Oid> freed;
    BASCULE_CHECK(store_.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(sequence, reader.last_sequence());
        if (sequence == attended_to_)
            return {};
        BASCULE_TRY(freed, freed_entries(reader, store_.registry(), state_.id));
        return {};
    }));
    const bool joins = joins_ != nullptr && !joins_->match(state_.id).empty();
    if (std::exchange(attended_to_, sequence) == sequence || (freed.empty() && !joins))
        return {};
    do {
        BASCULE_CHECK(commit([&](Step& step) -> Status {
            BASCULE_TRY(const auto count, step.applier.recheck(rechecks_at_once));
            waiting = count == rechecks_at_once;
            return step.applier.retry(std::exchange(freed, {}));
        }));
    } while (waiting);
    return {};
}

Status MirrorEngine::retry_quarantined() {
    return commit([](Step& step) -> Status { return step.applier.retry_blocked(); });
}

Result<MirrorEngine::Checked> MirrorEngine::check_present(const SourceEntry& entry) {
    const directory::MappedEntry mapped = map_safely(mapper_, entry);
    return check([&](Step& step) { return step.applier.upsert(entry, mapped); });
}

Result<MirrorEngine::Checked> MirrorEngine::check_absent(const Uuid& anchor, std::size_t together) {
    const auto work = [&](Step& step) -> Status {
        BASCULE_TRY(const bool plausible, may_go(step, together));
        if (plausible)
            return step.applier.removed_live(anchor);
        BASCULE_TRY(const auto row, step.transaction.find_row(ids_.of(anchor)));
        if (row && row->type != store_.registry().type("Unmapped")) {
            step.held.deletes.insert(anchor);
            return {};
        }
        return step.applier.remove(anchor);
    };
    BASCULE_TRY(const Checked checked, check(work));
    return held_.deletes.contains(anchor) ? Checked::held : checked;
}

Result<MirrorEngine::Checked> MirrorEngine::check(const std::function<Status(Step&)>& work) {
    if (in_refresh_) {
        return fail(
            ErrorKind::conflict, "refresh_running",
            "The source is being read at the moment; what differs is found by that."
        );
    }
    if (!batch_.empty())
        BASCULE_CHECK(flush());
    std::uint64_t writes = 0;
    BASCULE_CHECK(commit([&](Step& step) -> Status {
        BASCULE_CHECK(work(step));
        writes = step.applier.counts().writes;
        return {};
    }));
    return writes == 0 ? Checked::same : Checked::healed;
}

}  // namespace bascule::mirror
