// Beginning and end of a refresh: what it proves, and what goes.
#include <algorithm>
#include <utility>

#include "directory/mirror/bulk_load.hpp"
#include "directory/mirror/held_judgement.hpp"
#include "directory/mirror/source_phase.hpp"

namespace bascule::mirror {

using directory::AbsenceProof;
using directory::EntryState;
using directory::SourceState;
using directory::Transaction;

Status MirrorEngine::refresh_started(bool from_cookie) {
    batch_.clear();
    batched_references_ = 0;
    new_cookie_.clear();
    seen_.clear();
    named_deletes_.clear();
    notes_ = {};
    load_.reset();
    in_refresh_ = true;
    continuous_ = false;
    snapshot_ = !from_cookie;
    counters_.refreshing = true;
    const bool never_loaded =
        state_.phase.empty() || state_.phase == "new" || state_.phase == "loading";
    // Whom an entry is joined to is looked up in the store, entry by entry.
    const bool alone = joins_ == nullptr || joins_->match(state_.id).empty();
    return snapshot_ && never_loaded && alone ? start_bulk_load() : Status{};
}

/// One source at a time is loaded in bulk, and only one of which nothing is there: the others are
/// loaded in batches and wait for nobody.
Status MirrorEngine::start_bulk_load() {
    auto loader = store_.begin_load(source_);
    if (!loader && loader.error().kind == ErrorKind::conflict)
        return {};
    if (!loader)
        return fail(std::move(loader).error());
    load_ =
        std::make_unique<BulkLoad>(*std::move(loader), store_.registry(), source_, ids_, state_.id);
    return {};
}

Status MirrorEngine::refresh_done(AbsenceProof proof, const std::string& cookie) {
    // "Nothing is present" from a server of which we hold entries is no statement to believe.
    const bool proven =
        proof == AbsenceProof::snapshot || (proof == AbsenceProof::present_phase && !seen_.empty());
    const bool catching_up = state_.phase == catching_up_phase;
    const auto conclude = [&](Step& step) -> Status {
        BASCULE_CHECK(apply_batch(step));
        if (catching_up)
            BASCULE_CHECK(step.applier.recheck_joining());
        BASCULE_CHECK(decide_removals(step, proven));
        BASCULE_CHECK(decide_losses(step));
        step.state.phase = live_phase;
        if (!cookie.empty())
            step.state.cookie = cookie;
        return {};
    };
    const bool continuous = proven || !interrupted();
    // A crash must not bring back the word that the run was stopped in good order.
    const auto durability = state_.phase == closed_phase ? directory::Durability::full
                                                         : directory::Durability::repeatable;
    BASCULE_CHECK(load_ ? finish_bulk_load(cookie) : commit(conclude, durability));
    batch_.clear();
    batched_references_ = 0;
    seen_ = {};
    named_deletes_.clear();
    notes_ = {};
    in_refresh_ = false;
    remapping_ = false;
    continuous_ = continuous;
    counters_.refreshing = false;
    return judge_held();
}

/// Not before the refresh has told which of the entries have come back.
Status MirrorEngine::judge_held() {
    if (!judge_held_)
        return {};
    BASCULE_CHECK(commit([this](Step& step) -> Status {
        return judge_again(step.transaction, step.applier, guard_, state_.id, step.held);
    }));
    judge_held_ = false;
    return {};
}

Status MirrorEngine::finish_bulk_load(const std::string& cookie) {
    BASCULE_CHECK(load_->drain());
    SourceState state = state_;
    const bool is_joined = joins_ != nullptr && joins_->is_joined(state_.id);
    const bool complete =
        batch_.empty() && named_deletes_.empty() && !load_->has_named_references() && !is_joined;
    state.phase = complete ? live_phase : catching_up_phase;
    state.cookie = complete ? cookie : std::string();
    state.last_change = clock_.now();
    BASCULE_CHECK(load_->finish(state));
    const std::unique_ptr<BulkLoad> load = std::move(load_);
    state_ = state;
    counters_.added += load->users() + load->groups();
    counters_.last_change_ms = clock_.now().time_since_epoch().count();
    ++counters_.transactions;
    if (complete)
        return {};
    return commit([&](Step& step) -> Status {
        BASCULE_CHECK(load->resolve_user_names(step.transaction));
        BASCULE_CHECK(apply_batch(step));
        // Names that objects of sources which join this one have taken meanwhile.
        if (is_joined)
            BASCULE_CHECK(step.applier.retry_blocked());
        BASCULE_CHECK(step.applier.recheck_joining());
        BASCULE_CHECK(decide_removals(step, false));
        step.state.phase = live_phase;
        step.state.cookie = cookie;
        return {};
    });
}

Result<std::set<Uuid>> MirrorEngine::absent_entries(Transaction& transaction, bool proven) const {
    std::set<Uuid> absent;
    for (const Uuid& anchor : named_deletes_) {
        BASCULE_TRY(const auto object, transaction.find_any(ids_.of(anchor)));
        if (!object)
            continue;
        BASCULE_TRY(const auto top, transaction.find_entry(object->row.oid));
        if (!top)
            continue;
        absent.insert(anchor);
        BASCULE_TRY(const auto below, transaction.entries_below(state_.id, top->dn_key));
        for (const auto& entry : below) {
            if (!seen_.contains(entry.anchor))
                absent.insert(entry.anchor);
        }
    }
    if (!proven)
        return absent;
    std::vector<std::pair<directory::Oid, Uuid>> unseen;
    const auto collect = [&](directory::Oid oid, const Uuid& anchor, EntryState) -> Status {
        if (!seen_.contains(anchor))
            unseen.emplace_back(oid, anchor);
        return {};
    };
    BASCULE_CHECK(transaction.each_entry(state_.id, collect));
    for (const auto& [oid, anchor] : unseen) {
        BASCULE_TRY(const bool stays, has_seen_below(transaction, oid));
        if (!stays)
            absent.insert(anchor);
    }
    return absent;
}

/// A container that moved out of the scope while the refresh went on is not named, and what is
/// below it may have been before. It is kept until its own message comes, which takes all of it.
Result<bool> MirrorEngine::has_seen_below(Transaction& transaction, directory::Oid oid) const {
    BASCULE_TRY(const auto top, transaction.find_entry(oid));
    if (!top)
        return false;
    BASCULE_TRY(const auto below, transaction.entries_below(state_.id, top->dn_key));
    const auto seen = [&](const auto& entry) { return seen_.contains(entry.anchor); };
    // Another one that stands at its DN by now is who the others are below.
    const bool replaced = std::any_of(below.begin(), below.end(), [&](const auto& entry) {
        return entry.dn_key == top->dn_key && seen(entry);
    });
    return !replaced && std::any_of(below.begin(), below.end(), seen);
}

Result<bool> MirrorEngine::may_go(const Step& step, std::size_t count) const {
    BASCULE_TRY(const auto total, step.transaction.count_entries(state_.id, EntryState::mirrored));
    return guard_.allows_refresh(count, total) &&
           guard_.allows_live(count, total, step.transaction.now());
}

/// The whole of what a refresh would take away is weighed before any of it goes.
Status MirrorEngine::decide_removals(Step& step, bool proven) {
    // Before members go as entries: who has left a group shall not return to it when the entry
    // does.
    for (const auto& [group, members] : step.notes.leaving) {
        BASCULE_CHECK(step.applier.decide_leaving(group, members));
    }
    std::erase_if(step.held.deletes, [&](const Uuid& anchor) { return seen_.contains(anchor); });
    BASCULE_TRY(const std::set<Uuid> absent, absent_entries(step.transaction, proven));
    const directory::TypeId unmapped = store_.registry().type("Unmapped");
    std::set<Uuid> served;
    for (const Uuid& anchor : absent) {
        BASCULE_TRY(const auto row, step.transaction.find_row(ids_.of(anchor)));
        if (row && row->type != unmapped) {
            served.insert(anchor);
        } else {
            BASCULE_CHECK(step.applier.remove(anchor));
        }
    }
    const std::size_t count = served.size() + step.notes.unmatched.size();
    BASCULE_TRY(const bool plausible, may_go(step, count));
    if (!plausible) {
        step.held.deletes.insert(served.begin(), served.end());
        step.held.unmatched.insert(step.notes.unmatched.begin(), step.notes.unmatched.end());
        return {};
    }
    guard_.record(count, step.transaction.now());
    for (const Uuid& anchor : served) {
        if (!step.held.deletes.contains(anchor))
            BASCULE_CHECK(step.applier.remove(anchor));
    }
    for (const Uuid& anchor : step.notes.unmatched) {
        if (!step.held.unmatched.contains(anchor))
            BASCULE_CHECK(step.applier.shelve(anchor, "unmatched: no filter matches any more"));
    }
    return step.applier.finish();
}

Status MirrorEngine::decide_losses(Step& step) {
    BASCULE_TRY(const auto total, step.transaction.count_entries(state_.id, EntryState::mirrored));
    for (const auto& [attribute, ids] : step.notes.lost_attributes) {
        if (ids.empty())
            continue;
        if (!guard_.allows_attribute_loss(ids.size(), total)) {
            step.held.attributes[attribute].insert(ids.begin(), ids.end());
            continue;
        }
        guard_.record_loss(attribute, ids.size(), step.transaction.now());
        for (const Uuid& id : ids)
            BASCULE_CHECK(step.applier.lose_attribute(attribute, id));
    }
    return step.applier.finish();
}

}  // namespace bascule::mirror
