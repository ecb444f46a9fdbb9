#include "directory/mirror/mirror_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "directory/base/log.hpp"
#include "directory/mirror/bulk_load.hpp"
#include "directory/mirror/held_judgement.hpp"
#include "directory/mirror/source_phase.hpp"

namespace bascule::mirror {

using directory::SourceState;
using directory::Transaction;

namespace {

/// A cookie that describes no change may wait: losing it repeats messages that change nothing.
constexpr std::chrono::seconds cookie_patience(5);

bool differs(const SourceState& left, const SourceState& right) {
    return left.cookie != right.cookie || left.phase != right.phase ||
           left.held_plan != right.held_plan || left.fingerprint != right.fingerprint ||
           left.mapping_fingerprint != right.mapping_fingerprint;
}

}  // namespace

bool is_loaded(const SourceState& state) {
    return state.phase == live_phase || state.phase == closed_phase;
}

MirrorEngine::MirrorEngine(
    directory::Store& store, const directory::EntryMapper& mapper, directory::Clock& clock,
    std::string source, GuardLimits limits, std::shared_ptr<const JoinRules> joins,
    const directory::EntryAreas* areas
)
    : store_(store),
      mapper_(mapper),
      clock_(clock),
      source_(std::move(source)),
      ids_(source_),
      joins_(std::move(joins)),
      areas_(areas),
      guard_(limits) {}

MirrorEngine::~MirrorEngine() = default;

Status MirrorEngine::open() {
    BASCULE_TRY(const directory::SourceId id, store_.register_source(source_));
    const Status read = store_.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const auto state, reader.source_state(source_));
        if (state)
            state_ = *state;
        return {};
    });
    held_ = HeldPlan::parse(state_.held_plan);
    judge_held_ = is_to_be_judged_again(held_, guard_);
    state_.id = id;
    state_.name = source_;
    return read;
}

Status MirrorEngine::prepare_run(const std::string& feed_fingerprint) {
    const bool same = state_.fingerprint == feed_fingerprint &&
                      state_.mapping_fingerprint == mapping_fingerprint();
    return same ? Status() : reset_cookie(feed_fingerprint);
}

Status MirrorEngine::reset_cookie(const std::string& feed_fingerprint) {
    const std::string mapping = mapping_fingerprint();
    remapping_ = remapping_ || state_.mapping_fingerprint != mapping;
    return commit([&](Step& step) -> Status {
        step.state.cookie.clear();
        step.state.fingerprint = feed_fingerprint;
        step.state.mapping_fingerprint = mapping;
        return {};
    });
}

std::string MirrorEngine::mapping_fingerprint() const {
    std::string text = mapper_.fingerprint();
    if (joins_ == nullptr || joins_->match(state_.id).empty())
        return text;
    text += "|join";
    for (const auto attribute : joins_->match(state_.id))
        text += " " + store_.registry().spec(attribute).path.to_string();
    for (const auto& source : joins_->sources) {
        if (joins_->is_earlier(source.id, state_.id))
            text += fmt::format(" {}", static_cast<int>(source.id));
    }
    return text;
}

Status MirrorEngine::cookie(const std::string& cookie) {
    if (!in_refresh_)
        new_cookie_ = cookie;
    return {};
}

Status MirrorEngine::idle() {
    if (load_ || (batch_.empty() && new_cookie_.empty()))
        return {};
    if (in_refresh_ && batch_.empty())
        return {};
    if (batch_.empty() && clock_.now() - cookie_stored_ < cookie_patience)
        return {};
    return flush();
}

Status MirrorEngine::close_run(bool stopped) {
    if (in_refresh_) {
        // A refresh that did not end proves nothing; what it brought so far is true all the same.
        const bool loading = load_ != nullptr;
        load_.reset();
        const Status flushed = batch_.empty() || loading ? Status{} : flush();
        batch_.clear();
        in_refresh_ = false;
        counters_.refreshing = false;
        BASCULE_CHECK(flushed);
        return stopped ? Status() : set_phase(live_phase);
    }
    cookie_stored_ = {};
    BASCULE_CHECK(idle());
    if (!stopped)
        return set_phase(live_phase);
    return std::exchange(continuous_, false) ? set_phase(closed_phase) : Status();
}

/// Only a source that was loaded changes its phase here.
Status MirrorEngine::set_phase(std::string_view phase) {
    if (state_.phase == phase || !is_loaded(state_))
        return {};
    return commit(
        [&](Step& step) -> Status {
            step.state.phase = phase;
            return {};
        },
        directory::Durability::full
    );
}

Status MirrorEngine::flush() {
    const auto apply = [&](Step& step) -> Status {
        BASCULE_CHECK(apply_batch(step));
        const bool due =
            step.applier.counts().writes > 0 || clock_.now() - cookie_stored_ >= cookie_patience;
        if (!in_refresh_ && !new_cookie_.empty() && due)
            step.state.cookie = new_cookie_;
        return {};
    };
    BASCULE_CHECK(commit(apply));
    batch_.clear();
    batched_references_ = 0;
    if (state_.cookie == new_cookie_) {
        new_cookie_.clear();
        cookie_stored_ = clock_.now();
    }
    return {};
}

/// One transaction. Everything it decides is kept aside until it is committed, because it may run
/// twice.
Status MirrorEngine::commit(
    const std::function<Status(Step&)>& work, directory::Durability durability
) {
    SourceState state;
    ApplyCounts counts;
    HeldPlan held;
    bool carried_over = false;
    const auto attempt = [&](Transaction& transaction) -> Status {
        guard_.roll_back();
        notes_.placed_now.clear();
        BASCULE_TRY(const auto stored, transaction.source_state(source_));
        state = stored.value_or(state_);
        const SourceState before = state;
        // Only somebody's decision makes it differ from what this engine wrote itself.
        const bool known = state.held_plan == state_.held_plan;
        const HeldPlan stored_plan = known ? HeldPlan() : HeldPlan::parse(state.held_plan);
        const HeldPlan& planned = known ? held_ : stored_plan;
        held = planned;
        EntryApplier applier(
            {transaction, store_.registry(), mapper_, state_.id, source_, ids_, guard_, held,
             in_refresh_ ? &notes_ : nullptr, joins_.get(), in_refresh_ && remapping_, areas_}
        );
        Step step{transaction, applier, state, held, notes_};
        BASCULE_CHECK(work(step));
        counts = applier.counts();
        if (!(held == planned)) {
            if (held.since.empty())
                held.since = format_time(transaction.now());
            note_judgement(held, guard_, transaction.now());
            state.held_plan = held.to_json();
        }
        carried_over = counts.carried_over > 0 && !(in_refresh_ && snapshot_);
        if (carried_over)
            state.cookie.clear();
        if (counts.writes > 0)
            state.last_change = transaction.now();
        return counts.writes > 0 || differs(state, before) ? transaction.put_source_state(state)
                                                           : Status{};
    };
    BASCULE_CHECK(store_.write(durability, attempt));
    if (announces_ && state.held_plan != state_.held_plan && !state.held_plan.empty()) {
        log::warning(
            "removals_held", "Removals look like an accident and wait for approval.",
            {{"source", source_}}
        );
    }
    state_ = std::move(state);
    held_ = state_.held_plan.empty() ? HeldPlan() : std::move(held);
    guard_.commit(clock_.now());
    notes_.placed.merge(notes_.placed_now);
    counters_.added += counts.added;
    counters_.updated += counts.updated;
    counters_.removed += counts.removed;
    counters_.unchanged += counts.unchanged;
    ++counters_.transactions;
    if (counts.writes > 0)
        note_change();
    if (!carried_over)
        return {};
    new_cookie_.clear();
    return fail(
        ErrorKind::conflict, "moved_across_bases",
        "A container was moved into or out of the bases of the source. Its entries are told by "
        "nobody, so everything is read again."
    );
}

/// What a change took from its stamp at the server to our commit; a refresh tells old changes.
void MirrorEngine::note_change() {
    const Time now = clock_.now();
    counters_.last_change_ms = now.time_since_epoch().count();
    const auto stamped = std::find_if(batch_.rbegin(), batch_.rend(), [](const Message& message) {
        return !message.entry.csn.empty();
    });
    if (in_refresh_ || stamped == batch_.rend())
        return;
    const std::string& csn = stamped->entry.csn;
    if (const auto made = parse_generalized_time(csn.substr(0, csn.find('#'))))
        counters_.lag_ms = std::max<std::int64_t>(0, (now - *made).count());
}

}  // namespace bascule::mirror
