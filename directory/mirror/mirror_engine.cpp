#include "directory/mirror/mirror_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "directory/mirror/bulk_load.hpp"
#include "directory/mirror/freed_entries.hpp"
#include "directory/mirror/held_judgement.hpp"

namespace bascule::mirror {

using directory::AbsenceProof;
using directory::EntryState;
using directory::SourceEntry;
using directory::SourceState;
using directory::Transaction;

namespace {

constexpr std::size_t batch_entries = 1000;
constexpr std::size_t batch_references = 50'000;
constexpr std::size_t rechecks_at_once = 5'000;
/// A cookie that describes no change may wait: losing it repeats messages that change nothing.
constexpr std::chrono::seconds cookie_patience(5);

/// The phases of a source that was loaded: a run may be going on, or was stopped in good order.
constexpr const char* live_phase = "live";
constexpr const char* closed_phase = "closed";
/// Loaded in bulk, and what that leaves to do is not done yet.
constexpr const char* catching_up_phase = "catching_up";

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
    BASCULE_TRY(const auto total, step.transaction.count_entries(state_.id, EntryState::mirrored));
    const std::size_t count = served.size() + step.notes.unmatched.size();
    const Time now = step.transaction.now();
    if (!guard_.allows_refresh(count, total) || !guard_.allows_live(count, total, now)) {
        step.held.deletes.insert(served.begin(), served.end());
        step.held.unmatched.insert(step.notes.unmatched.begin(), step.notes.unmatched.end());
        return {};
    }
    guard_.record(count, now);
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
    return check([&](EntryApplier& applier) { return applier.upsert(entry, mapped); });
}

Result<MirrorEngine::Checked> MirrorEngine::check_absent(const Uuid& anchor) {
    BASCULE_TRY(const Checked checked, check([&](EntryApplier& applier) {
                    return applier.removed_live(anchor);
                }));
    return held_.deletes.contains(anchor) ? Checked::held : checked;
}

Result<MirrorEngine::Checked> MirrorEngine::check(const std::function<Status(EntryApplier&)>& work
) {
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
        BASCULE_CHECK(work(step.applier));
        writes = step.applier.counts().writes;
        return {};
    }));
    return writes == 0 ? Checked::same : Checked::healed;
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
