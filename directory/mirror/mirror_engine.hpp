#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "directory/mirror/echo_book.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/mirror/identity.hpp"
#include "directory/mirror/removal_guard.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/entry_mapper.hpp"
#include "directory/ports/feed.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// Whether a first load of the source was completed.
[[nodiscard]] bool is_loaded(const directory::SourceState& state);

/// What a mirror has done since it was opened. Thread-safe reading.
struct EngineCounters {
    std::atomic<std::uint64_t> received{0};  ///< entries
    std::atomic<std::uint64_t> added{0};
    std::atomic<std::uint64_t> updated{0};
    std::atomic<std::uint64_t> removed{0};
    std::atomic<std::uint64_t> unchanged{0};
    std::atomic<std::uint64_t> transactions{0};
    std::atomic<std::int64_t> last_change_ms{0};  ///< since the epoch, of the last committed change
    /// From the entryCSN of the last live change that was written to its commit; -1 before one.
    std::atomic<std::int64_t> lag_ms{-1};
    std::atomic<bool> refreshing{false};
};

/// Keeps the objects of one source equal to what its feed tells.
///
/// Messages are batched (up to 1,000 entries, or until idle()) into one transaction each; a cookie
/// is stored in the transaction that holds everything before it, and within a refresh only at its
/// end. Nothing is removed without proof, and a removal that looks like an accident waits in the
/// held plan while everything else flows on. A source that was never loaded is loaded in bulk. All
/// methods are called by the feed's thread; counters may be read by others.
class MirrorEngine final : public directory::FeedSink {
  public:
    MirrorEngine(
        directory::Store& store, const directory::EntryMapper& mapper, directory::Clock& clock,
        std::string source, GuardLimits limits = {},
        std::shared_ptr<const JoinRules> joins = nullptr,
        const directory::EntryAreas* areas = nullptr
    );
    ~MirrorEngine() override;

    /// Registers the source and reads its state. To be called before anything else.
    [[nodiscard]] Status open();
    /// The cookie of the last complete refresh or later, as of the last commit.
    [[nodiscard]] const directory::SourceState& state() const { return state_; }
    /// To be called before each run of the feed. Does reset_cookie() when the cookie was made by
    /// another feed, as its fingerprint tells, or under another mapping.
    [[nodiscard]] Status prepare_run(const std::string& feed_fingerprint);
    /// Forgets the cookie: the next refresh is a snapshot that is compared with what is there. Also
    /// records the fingerprints of feed and mapping.
    [[nodiscard]] Status reset_cookie(const std::string& feed_fingerprint);

    [[nodiscard]] Status refresh_started(bool from_cookie) override;
    [[nodiscard]] Status changed(directory::SourceEntry entry) override;
    [[nodiscard]] Status each_held(const std::function<Status(const directory::MirrorEntry&)>& visit
    ) override;
    [[nodiscard]] Result<bool> members_changed(directory::MemberChange change) override;
    [[nodiscard]] Status present(const std::vector<Uuid>& anchors) override;
    [[nodiscard]] Status deleted(const std::vector<Uuid>& anchors) override;
    [[nodiscard]] Status refresh_done(directory::AbsenceProof proof, const std::string& cookie)
        override;
    [[nodiscard]] Status cookie(const std::string& cookie) override;
    [[nodiscard]] Status idle() override;

    /// Stores what is batched and the newest cookie; to be called when a run of the feed has ended.
    /// `stopped`: it ended because we stopped it.
    [[nodiscard]] Status close_run(bool stopped);
    /// Whether the cookie is from a run that nobody stopped: the server, the network or this
    /// program broke off. Kept in the store.
    [[nodiscard]] bool interrupted() const { return state_.phase == "live"; }
    /// Tries quarantined entries again whose value another source or a client may have freed.
    [[nodiscard]] Status retry_quarantined();
    /// Carries out what changes of other sources mean for entries of this one, and tries
    /// quarantined entries whose value has been freed. Does nothing while a refresh runs. Cheap
    /// when there is nothing to do.
    [[nodiscard]] Status attend_to_others();

    /// Of everything that decides what becomes of an entry: the mapping, and how it is joined.
    [[nodiscard]] std::string mapping_fingerprint() const;
    /// What became of an entry that somebody compared beside the feed.
    enum class Checked {
        same,    ///< the mirror has it so
        healed,  ///< it had it otherwise and has it so now
        held,    ///< its removal looks like an accident and waits
    };
    /// Brings an entry in that was read from the directory a moment ago. Not during a refresh:
    /// `conflict`/"refresh_running".
    [[nodiscard]] Result<Checked> check_present(const directory::SourceEntry& entry);
    /// Removes an entry that was proven to be gone, as if the feed had told so. `together`: how
    /// many are still to go with it, itself included, which the guard weighs as a whole.
    [[nodiscard]] Result<Checked> check_absent(const Uuid& anchor, std::size_t together);

    [[nodiscard]] const EngineCounters& counters() const { return counters_; }
    /// Says nothing in the log about what it holds, because it works on a copy.
    void keep_silent() { announces_ = false; }
    /// Has done with each message when its call returns, also in a first load, so that the order of
    /// the messages of several sources is that of their effects. Before anything is received.
    void keep_in_step() { in_step_ = true; }
    /// Counts received entries from here on. To be called before anything is received.
    void count_received_from(std::uint64_t received) { counters_.received = received; }
    /// Tells the book of what comes back. It outlives the engine. Before anything is received.
    void tell_echoes_to(EchoBook& book) { echoes_ = &book; }
    [[nodiscard]] const std::string& source() const { return source_; }

  private:
    struct Message {
        bool is_delete = false;
        Uuid anchor;
        directory::SourceEntry entry;
        directory::MappedEntry mapped;
        std::optional<directory::MemberChange> members = {};  ///< then there is no entry
    };
    class BulkLoad;

    [[nodiscard]] Status flush();
    struct Step {
        directory::Transaction& transaction;
        EntryApplier& applier;
        directory::SourceState& state;
        HeldPlan& held;
        RefreshNotes& notes;
    };
    [[nodiscard]] Status commit(
        const std::function<Status(Step&)>& work,
        directory::Durability durability = directory::Durability::repeatable
    );
    [[nodiscard]] Status set_phase(std::string_view phase);
    [[nodiscard]] Status apply_batch(Step& step);
    [[nodiscard]] Result<bool> takes_member_changes(const directory::MemberChange& change) const;
    [[nodiscard]] Status start_bulk_load();
    [[nodiscard]] Status finish_bulk_load(const std::string& cookie);
    [[nodiscard]] Result<Checked> check(const std::function<Status(Step&)>& work);
    /// Whether the guard lets so many entries go now.
    [[nodiscard]] Result<bool> may_go(const Step& step, std::size_t count) const;
    [[nodiscard]] Status decide_removals(Step& step, bool proven);
    [[nodiscard]] Status decide_losses(Step& step);
    [[nodiscard]] Status judge_held();
    void note_change();
    [[nodiscard]] Result<std::set<Uuid>> absent_entries(
        directory::Transaction& transaction, bool proven
    ) const;
    [[nodiscard]] Result<bool> has_seen_below(
        directory::Transaction& transaction, directory::Oid oid
    ) const;

    directory::Store& store_;
    const directory::EntryMapper& mapper_;
    directory::Clock& clock_;
    std::string source_;
    ObjectIds ids_;
    std::shared_ptr<const JoinRules> joins_;
    const directory::EntryAreas* areas_;
    RemovalGuard guard_;
    directory::SourceState state_;
    HeldPlan held_;  ///< state_.held_plan, read

    std::vector<Message> batch_;
    std::size_t batched_references_ = 0;
    std::string new_cookie_;  ///< delivered and not stored yet
    Time cookie_stored_{};
    std::int64_t attended_to_ = -1;  ///< the journal up to here
    bool in_refresh_ = false;
    bool snapshot_ = false;
    /// The refresh to come, or that runs, is the first under other rules.
    bool remapping_ = false;
    /// The run has completed its refresh, with a proof of absence where one was needed.
    bool continuous_ = false;
    std::unordered_set<Uuid> seen_;
    std::set<Uuid> named_deletes_;
    RefreshNotes notes_;
    std::unique_ptr<BulkLoad> load_;
    bool judge_held_ = false;  ///< what is held was judged by other limits
    bool announces_ = true;
    bool in_step_ = false;
    EngineCounters counters_;
    EchoBook* echoes_ = nullptr;
};

}  // namespace bascule::mirror
