#include "directory/mirror/drift_audit.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "directory/base/sha256.hpp"
#include "directory/mirror/held_plan.hpp"

namespace bascule::mirror {

using directory::EntryInspector;
using directory::EntryState;
using directory::Inspection;
using directory::Reader;
using std::chrono::steady_clock;
using Verdict = Inspection::Verdict;

namespace {

constexpr std::size_t portion = 1000;
/// Somebody may come back: who was looked for longer ago is looked for again before he goes.
constexpr std::chrono::seconds knowledge_lasts(5);

std::uint64_t stamp_hash(std::string_view stamp) {
    return std::hash<std::string_view>{}(stamp);
}

/// One entry of a listing, for the digest.
struct ListedStamp {
    Uuid anchor;
    std::string stamp;
};

std::string digest_of(std::vector<ListedStamp>& listed) {
    std::ranges::sort(listed, {}, &ListedStamp::anchor);
    Sha256 digest;
    for (const ListedStamp& one : listed)
        digest.add(one.anchor.to_string() + " " + one.stamp + "\n");
    return digest.hex();
}

}  // namespace

/// What the mirror knows of an entry when the comparison begins.
struct DriftAudit::Known {
    Uuid anchor;
    std::uint64_t stamp = 0;
    bool listed = false;
};

/// One run.
class DriftAudit::Comparison {
  public:
    Comparison(DriftAudit& audit, DriftReport& report, std::stop_token stop)
        : audit_(audit), report_(report), stop_(std::move(stop)) {}

    Status run() {
        BASCULE_CHECK(read_known());
        BASCULE_CHECK(list());
        BASCULE_CHECK(settle());
        for (const EntryInspector::Listed& listed : candidates_) {
            BASCULE_CHECK(continue_or_stop());
            BASCULE_CHECK(judge_present(listed));
        }
        for (const Known& known : known_) {
            if (known.listed || !report_.complete)
                continue;
            BASCULE_CHECK(continue_or_stop());
            BASCULE_CHECK(judge_absent(known.anchor));
        }
        return take_away();
    }

  private:
    Status continue_or_stop() const {
        if (!stop_.stop_requested())
            return {};
        return fail(ErrorKind::unavailable, "stopped", "The comparison was ended.");
    }

    Status read_known() {
        BASCULE_CHECK(audit_.store_.read([&](Reader& reader) -> Status {
            known_.clear();
            BASCULE_TRY(const auto state, reader.source_state(audit_.source_));
            if (!state)
                return {};
            id_ = state->id;
            held_ = HeldPlan::parse(state->held_plan).deletes;
            return reader.each_stamp(
                id_,
                [&](const Uuid& anchor, EntryState, std::string_view csn) -> Status {
                    known_.push_back({anchor, stamp_hash(csn), false});
                    return {};
                }
            );
        }));
        std::ranges::sort(known_, {}, &Known::anchor);
        report_.mirrored = known_.size();
        return {};
    }

    Known* find(const Uuid& anchor) {
        const auto at = std::ranges::lower_bound(known_, anchor, {}, &Known::anchor);
        return at != known_.end() && at->anchor == anchor ? &*at : nullptr;
    }

    Status list() {
        std::vector<ListedStamp> stamps;
        stamps.reserve(known_.size());
        const auto take = [&](EntryInspector::Listed listed) -> Status {
            ++audit_.listed_so_far_;
            stamps.push_back({listed.anchor, listed.stamp});
            Known* const known = find(listed.anchor);
            if (known != nullptr)
                known->listed = true;
            const std::uint64_t hash = stamp_hash(listed.stamp);
            const auto same = audit_.found_same_.find(listed.anchor);
            const bool was_same = same != audit_.found_same_.end() && same->second == hash;
            // Whose removal waits for a decision has come back.
            if (known == nullptr || (known->stamp != hash && !was_same) ||
                held_.contains(listed.anchor)) {
                candidates_.push_back(std::move(listed));
            } else {
                placed_.push_back(std::move(listed));
            }
            BASCULE_CHECK(continue_or_stop());
            return placed_.size() < portion ? Status() : check_places();
        };
        BASCULE_TRY(const auto listing, audit_.inspector_.list(take, stop_));
        BASCULE_CHECK(check_places());
        report_.listed = listing.entries;
        report_.complete = listing.entries > 0 && listing.nameless == 0 && listing.references == 0;
        report_.digest = digest_of(stamps);
        return {};
    }

    /// A container that was renamed gives no new stamp to what is below it.
    Status check_places() {
        std::vector<std::size_t> displaced;
        BASCULE_CHECK(audit_.store_.read([&](Reader& reader) -> Status {
            displaced.clear();
            for (std::size_t at = 0; at < placed_.size(); ++at) {
                BASCULE_TRY(const auto entry, reader.find_entry(id_, placed_[at].dn_key));
                if (!entry || entry->anchor != placed_[at].anchor)
                    displaced.push_back(at);
            }
            return {};
        }));
        for (const std::size_t at : displaced)
            candidates_.push_back(std::move(placed_[at]));
        placed_.clear();
        return {};
    }

    /// What changed a moment ago is on its way.
    Status settle() {
        const bool differs =
            !candidates_.empty() ||
            std::ranges::any_of(known_, [](const Known& one) { return !one.listed; });
        if (differs) {
            std::mutex mutex;
            std::unique_lock lock(mutex);
            std::condition_variable_any never;
            never.wait_for(lock, stop_, audit_.timing_.settle(), [] { return false; });
        }
        return continue_or_stop();
    }

    steady_clock::time_point deadline() const {
        return steady_clock::now() + audit_.timing_.patience;
    }

    Result<std::optional<directory::MirrorEntry>> entry_now(const Uuid& anchor) {
        std::optional<directory::MirrorEntry> entry;
        BASCULE_CHECK(audit_.store_.read([&](Reader& reader) -> Status {
            BASCULE_TRY(const auto object, reader.find_any(audit_.ids_.of(anchor)));
            if (object) {
                BASCULE_TRY(entry, reader.find_entry(object->row.oid));
            }
            return {};
        }));
        return entry;
    }

    Status judge_present(const EntryInspector::Listed& listed) {
        ++report_.looked_at;
        BASCULE_TRY(const auto before, entry_now(listed.anchor));
        if (before && before->csn == listed.stamp && before->dn_key == listed.dn_key &&
            !held_.contains(listed.anchor))
            return {};  // it has arrived meanwhile
        BASCULE_TRY(const auto now, audit_.inspector_.look_at(listed.dn, deadline(), stop_));
        const bool still = now.verdict == Verdict::found && now.entry.anchor == listed.anchor &&
                           now.entry.csn == listed.stamp;
        if (!still) {
            ++report_.moving;
            return {};
        }
        BASCULE_TRY(const auto checked, audit_.mend_.present(now.entry));
        if (checked == MirrorEngine::Checked::same) {
            audit_.found_same_[listed.anchor] = stamp_hash(listed.stamp);
            return {};
        }
        ++(before ? report_.stale : report_.missing);
        return {};
    }

    Status judge_absent(const Uuid& anchor) {
        if (held_.contains(anchor)) {
            ++report_.held;
            return {};
        }
        BASCULE_TRY(const bool gone, is_gone(anchor));
        if (gone)
            gone_.push_back({anchor, steady_clock::now()});
        return {};
    }

    Result<bool> is_gone(const Uuid& anchor) {
        BASCULE_TRY(const auto entry, entry_now(anchor));
        if (!entry)
            return false;  // its removal has arrived meanwhile
        ++report_.looked_at;
        BASCULE_TRY(const auto there, audit_.inspector_.look_at(entry->dn, deadline(), stop_));
        BASCULE_TRY(const auto anywhere, audit_.inspector_.look_for(anchor, deadline(), stop_));
        const bool gone = (there.verdict == Verdict::absent ||
                           (there.verdict == Verdict::found && there.entry.anchor != anchor)) &&
                          anywhere.verdict == Verdict::absent;
        report_.moving += gone ? 0U : 1U;
        return gone;
    }

    /// Only when it is known how many are gone, because the guard weighs them as a whole.
    Status take_away() {
        bool holds = false;
        for (std::size_t at = 0; at < gone_.size(); ++at) {
            BASCULE_CHECK(continue_or_stop());
            const auto& [anchor, seen] = gone_[at];
            if (!holds && steady_clock::now() - seen > knowledge_lasts) {
                BASCULE_TRY(const bool still, is_gone(anchor));
                if (!still)
                    continue;
            }
            const std::size_t together = holds ? gone_.size() : gone_.size() - at;
            BASCULE_TRY(const auto checked, audit_.mend_.absent(anchor, together));
            const bool held = checked == MirrorEngine::Checked::held;
            holds = holds || held;
            report_.surplus += checked == MirrorEngine::Checked::same ? 0U : 1U;
            report_.held += held ? 1U : 0U;
        }
        return {};
    }

    DriftAudit& audit_;
    DriftReport& report_;
    std::stop_token stop_;
    directory::SourceId id_{};
    std::vector<Known> known_;
    std::set<Uuid> held_;
    /// Entries that the directory names and the mirror lacks, has under another stamp or elsewhere.
    std::vector<EntryInspector::Listed> candidates_;
    std::vector<EntryInspector::Listed> placed_;  ///< whose stamps are the same
    struct Gone {
        Uuid anchor;
        steady_clock::time_point seen;
    };
    std::vector<Gone> gone_;
};

DriftAudit::DriftAudit(
    directory::Store& store, EntryInspector& inspector, directory::Clock& clock, std::string source,
    Mend mend, Timing timing
)
    : store_(store),
      inspector_(inspector),
      clock_(clock),
      source_(std::move(source)),
      mend_(std::move(mend)),
      timing_(timing),
      ids_(source_) {}

DriftReport DriftAudit::run(std::stop_token stop) {
    DriftReport report;
    report.source = source_;
    report.started = clock_.now();
    listed_so_far_ = 0;
    if (const Status done = Comparison(*this, report, std::move(stop)).run(); !done)
        report.problem = done.error().code + ": " + done.error().detail;
    report.finished = clock_.now();
    return report;
}

}  // namespace bascule::mirror
