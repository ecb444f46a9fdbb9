#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/journal.hpp"
#include "directory/model/journal_signal.hpp"
#include "directory/model/object.hpp"
#include "directory/model/source_entry.hpp"
#include "directory/query/filter.hpp"

namespace bascule::directory {

/// What the mirror remembers of a source between runs; committed together with the data it
/// describes.
struct SourceState {
    std::string name;
    SourceId id{};
    std::string cookie;  ///< opaque; empty before the first complete refresh
    std::string
        fingerprint;  ///< of base, filter, dialect and server set; another one voids the cookie
    std::string
        mapping_fingerprint;  ///< of what decides documents; another one asks for re-mapping
    std::string phase;        ///< "new", "loading", "catching_up", "live", "closed" (stopped)
    std::string held_plan;    ///< JSON of removals that wait for approval, empty when none
    Time last_change{};
};

/// A neighbour reached by an edge.
struct Neighbour {
    ObjectRow row;
    bool direct = true;
};

/// A reference whose target is known by its DN only.
struct PendingReference {
    SourceId source{};
    std::string dn_key;
    EdgeKind kind = EdgeKind::member;
    Oid from{};
};

/// Consistent read access. Methods never block on writers. Valid inside the callback only.
/// Unless said otherwise only live (not deleted) objects are seen.
class Reader {
  public:
    virtual ~Reader() = default;

    [[nodiscard]] virtual Result<std::optional<ObjectRow>> find_row(const Uuid& id) = 0;
    [[nodiscard]] virtual Result<std::optional<Object>> find(const Uuid& id) = 0;
    [[nodiscard]] virtual Result<std::optional<ObjectRow>> find_row(Oid oid) = 0;
    [[nodiscard]] virtual Result<std::optional<Object>> find(Oid oid) = 0;
    /// Also deleted ones.
    [[nodiscard]] virtual Result<std::optional<Object>> find_any(const Uuid& id) = 0;

    /// `invalid_input`/"too_many" beyond Query::check_limit.
    [[nodiscard]] virtual Result<QueryResult> query(const Query& query) = 0;
    /// Objects whose indexed attribute equals `value` (given unfolded), in creation order.
    [[nodiscard]] virtual Result<std::vector<Object>> find_by_term(
        AttributeId attribute, std::string_view value, std::size_t limit
    ) = 0;
    /// Live objects of a type; kept, not counted.
    [[nodiscard]] virtual Result<std::uint64_t> count(TypeId type) = 0;
    /// How the query runs, one step a line: what drives, what is tested, candidates counted,
    /// residual; and in plain words when no index can serve it.
    [[nodiscard]] virtual Result<std::string> explain(const Query& query) = 0;

    /// Targets of edges from `source`, in target order, after `after`.
    [[nodiscard]] virtual Result<std::vector<ObjectRow>> edge_targets(
        EdgeKind kind, Oid source, Oid after, std::size_t limit
    ) = 0;
    /// Calls `visit` for the target of every edge from `source`, in target order, with the normal
    /// form of the DN of its entry of `owner`; empty when it has none there.
    [[nodiscard]] virtual Status each_target_place(
        EdgeKind kind, Oid source, SourceId owner,
        const std::function<void(Oid, std::string_view dn_key)>& visit
    ) = 0;
    /// Sources of edges to `target`, in source order, after `after`.
    [[nodiscard]] virtual Result<std::vector<ObjectRow>> edge_sources(
        EdgeKind kind, Oid target, Oid after, std::size_t limit
    ) = 0;
    [[nodiscard]] virtual Result<bool> has_edge(EdgeKind kind, Oid source, Oid target) = 0;
    /// Every object from which `target` can be reached (all groups of a user), direct and indirect,
    /// cycles and diamonds once.
    [[nodiscard]] virtual Result<std::vector<Neighbour>> reaching(EdgeKind kind, Oid target) = 0;
    [[nodiscard]] virtual Result<std::uint64_t> count_edges(EdgeKind kind, Oid source) = 0;
    /// When the edge was added; nothing when there is none.
    [[nodiscard]] virtual Result<std::optional<Time>> edge_since(
        EdgeKind kind, Oid source, Oid target
    ) = 0;

    [[nodiscard]] virtual Result<std::optional<MirrorEntry>> find_entry(Oid oid) = 0;
    [[nodiscard]] virtual Result<std::optional<MirrorEntry>> find_entry(
        SourceId source, std::string_view dn_key
    ) = 0;
    /// The entry itself and all below it, in DN order.
    [[nodiscard]] virtual Result<std::vector<MirrorEntry>> entries_below(
        SourceId source, std::string_view dn_key
    ) = 0;
    /// Calls `visit` for every entry of a source (oid, anchor, state), in no promised order.
    [[nodiscard]] virtual Status each_entry(
        SourceId source, const std::function<Status(Oid, const Uuid& anchor, EntryState)>& visit
    ) = 0;
    /// The same with the stamp that is kept of each entry.
    [[nodiscard]] virtual Status each_stamp(
        SourceId source,
        const std::function<Status(const Uuid& anchor, EntryState, std::string_view csn)>& visit
    ) = 0;
    [[nodiscard]] virtual Result<std::vector<MirrorEntry>> entries_in_state(
        SourceId source, EntryState state, std::size_t limit
    ) = 0;
    [[nodiscard]] virtual Result<std::uint64_t> count_entries(
        SourceId source, EntryState state
    ) = 0;

    /// References of an object that wait for their target.
    [[nodiscard]] virtual Result<std::vector<PendingReference>> pending_from(
        EdgeKind kind, Oid from
    ) = 0;

    [[nodiscard]] virtual Result<std::optional<SourceState>> source_state(std::string_view name
    ) = 0;
    [[nodiscard]] virtual Result<std::vector<SourceState>> source_states() = 0;
    [[nodiscard]] virtual Result<std::vector<JournalRecord>> journal(const JournalQuery& query) = 0;
    [[nodiscard]] virtual Result<std::int64_t> last_sequence() = 0;
};

/// An object to be made. Id and times of synced objects come with it; version starts at 1.
struct NewObject {
    Uuid id;
    TypeId type{};
    SourceId source = SourceId::local;
    std::string display;
    std::string body;
    std::string local;
};

/// Read and write access inside one transaction. Sees its own writes. The store keeps terms,
/// counts, versions and times by itself; callers write the journal record that tells what happened.
class Transaction : public Reader {
  public:
    /// The time of this transaction.
    [[nodiscard]] virtual Time now() const = 0;

    /// Runs `fn` in a transaction inside this one, which is not used until `fn` is back: it sees
    /// what was written so far, its error undoes its own writes only, and objects that it changes
    /// get a version of their own. All of it commits, or is lost, with this transaction.
    [[nodiscard]] virtual Status nested(const std::function<Status(Transaction&)>& fn) = 0;

    /// `conflict`/"uniqueness" (field = attribute path) when a unique term is taken by a live
    /// object, `conflict`/"id_in_use" when the id exists, deleted ones included.
    [[nodiscard]] virtual Result<Oid> create(NewObject object) = 0;
    /// Replaces document, local part and display; bumps version and modified only when something
    /// differs. Returns whether it did. `not_found`, or `conflict`/"uniqueness".
    [[nodiscard]] virtual Result<bool> update(
        Oid oid, std::string body, std::string local, std::string display
    ) = 0;
    /// Gives the object another type, source and document in one step (an entry that starts or
    /// stops matching).
    [[nodiscard]] virtual Status convert(
        Oid oid, TypeId type, SourceId source, std::string body, std::string local,
        std::string display
    ) = 0;
    /// Soft delete: terms go, edges in both directions are parked. Neighbours that lose a member
    /// get a new version.
    [[nodiscard]] virtual Status remove(Oid oid) = 0;
    /// Undoes remove(): terms and parked edges come back where the other end is live.
    [[nodiscard]] virtual Status restore(Oid oid) = 0;
    /// Deletes for good every object that was removed before `horizon`; returns how many.
    [[nodiscard]] virtual Result<std::uint64_t> purge(Time horizon, std::size_t limit) = 0;

    /// Adds an edge; false when it was there. The source object gets a new version (once per
    /// transaction).
    [[nodiscard]] virtual Result<bool> add_edge(EdgeKind kind, Oid source, Oid target) = 0;
    [[nodiscard]] virtual Result<bool> remove_edge(EdgeKind kind, Oid source, Oid target) = 0;
    /// Removes all edges of a kind from an object; returns how many.
    [[nodiscard]] virtual Result<std::uint64_t> clear_edges(EdgeKind kind, Oid source) = 0;

    [[nodiscard]] virtual Status put_entry(const MirrorEntry& entry) = 0;
    [[nodiscard]] virtual Status erase_entry(Oid oid) = 0;
    /// Moves an entry and everything below it to another place in the tree: keys and DNs. `old_key`
    /// to `new_key`; `new_dn` is the DN of the top. Returns how many entries moved.
    [[nodiscard]] virtual Result<std::uint64_t> rebase_entries(
        SourceId source, std::string_view old_key, std::string_view new_key,
        std::string_view old_dn, std::string_view new_dn
    ) = 0;
    /// Quarantined entries that wait for this unique term ("userName=jdoe") to become free.
    [[nodiscard]] virtual Result<std::vector<MirrorEntry>> entries_blocked_by(
        SourceId source, std::string_view term
    ) = 0;

    [[nodiscard]] virtual Status add_pending(const PendingReference& reference) = 0;
    [[nodiscard]] virtual Status clear_pending(EdgeKind kind, Oid from) = 0;
    [[nodiscard]] virtual Status remove_pending(const PendingReference& reference) = 0;
    /// References that wait for this DN; they are not removed.
    [[nodiscard]] virtual Result<std::vector<PendingReference>> pending_for(
        SourceId source, std::string_view dn_key
    ) = 0;

    [[nodiscard]] virtual Status put_source_state(const SourceState& state) = 0;
    [[nodiscard]] virtual Status append(JournalRecord record) = 0;
    /// Deletes journal records that were written before `horizon`, among the `limit` oldest;
    /// returns how many. The record with the highest sequence always stays.
    [[nodiscard]] virtual Result<std::uint64_t> trim_journal(Time horizon, std::size_t limit) = 0;
};

/// How surely a commit must be on disk when write() returns.
enum class Durability {
    full,       ///< survives power loss; everything that was acknowledged to somebody
    repeatable  ///< may be lost with the power, because its source will send it again (mirror
                ///< batches)
};

/// A first load in bulk: rows in arrival order, terms and edges merged at the end. Until finish()
/// nothing is visible; a crash before it leaves nothing behind. Not thread-safe; one at a time per
/// store.
class Loader {
  public:
    virtual ~Loader() = default;
    struct Reference {
        EdgeKind kind;
        std::string dn_key;
    };
    /// Adds one mirrored, unmatched or quarantined entry with its object and references by DN.
    /// `conflict`/"uniqueness" when the loader has seen the unique term: add it again as
    /// quarantined.
    [[nodiscard]] virtual Status add(
        NewObject object, MirrorEntry entry, std::span<const Reference> references
    ) = 0;
    /// Merges, resolves references, commits with the source's state.
    [[nodiscard]] virtual Status finish(const SourceState& state, JournalRecord record) = 0;
};

/// A consistent view that stays open between calls. It holds a connection and what was overwritten
/// since; give it back soon. Used by one thread at a time.
class Snapshot {
  public:
    virtual ~Snapshot() = default;
    [[nodiscard]] virtual Reader& reader() = 0;
};

/// The one place where state lives. Thread-safe.
class Store {
  public:
    virtual ~Store() = default;

    /// Runs `fn` on a consistent snapshot. Its error is returned as it is.
    [[nodiscard]] virtual Status read(const std::function<Status(Reader&)>& fn) = 0;

    /// A snapshot for an answer that is made while it is sent. `unavailable`/"too_many_snapshots"
    /// when too many are open.
    [[nodiscard]] virtual Result<std::unique_ptr<Snapshot>> open_snapshot() = 0;

    /// Runs `fn` in a transaction of its own and returns when it is committed as `durability` asks.
    /// `fn` may run more than once and must have no effect outside. An error rolls back this call
    /// only, also when others share the commit. `unavailable`/"store_full" when the disk is full.
    [[nodiscard]] virtual Status write(
        Durability durability, const std::function<Status(Transaction&)>& fn
    ) = 0;

    /// The number of a source, made when new.
    [[nodiscard]] virtual Result<SourceId> register_source(std::string_view name) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<Loader>> begin_load(std::string_view source) = 0;

    [[nodiscard]] virtual const Registry& registry() const = 0;
    /// Takes up what Registry::extend() added; until then nothing of it may be used. On an error
    /// everything is as before. `conflict`/"schema_in_use" as at opening.
    [[nodiscard]] virtual Status take_up_registry() = 0;
    /// Tells who waits that journal records were committed.
    [[nodiscard]] virtual JournalSignal& journal_signal() = 0;
};

}  // namespace bascule::directory
