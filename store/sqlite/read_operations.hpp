#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "directory/ports/store.hpp"
#include "store/sqlite/above_cache.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/registry_numbers.hpp"

namespace bascule::store {

/// Rows of a running first load stand at and above this number and are not shown.
inline constexpr std::int64_t nothing_hidden = std::numeric_limits<std::int64_t>::max();

/// Every read of the port on one connection. Throws SqliteError; the port's classes guard it. Used
/// by one thread at a time, inside a transaction of the caller's.
class ReadOperations {
  public:
    ReadOperations(Connection& connection, const RegistryNumbers& numbers)
        : connection_(connection), numbers_(numbers) {}

    /// Hides rows at and above `first`; nothing_hidden shows all.
    void hide_from(std::int64_t first) { hidden_from_ = first; }

    /// Lends what the connection remembers between transactions. Not where own writes are to be
    /// seen.
    void remember_in(AboveCache& cache) { above_cache_ = &cache; }

    /// Whether counters hold everything that this transaction has done.
    void set_counters_current(bool current) { counters_current_ = current; }
    [[nodiscard]] bool counters_current() const { return counters_current_; }

    [[nodiscard]] std::optional<directory::ObjectRow> find_row(const Uuid& id);
    [[nodiscard]] std::optional<directory::ObjectRow> find_row(directory::Oid oid);
    [[nodiscard]] std::optional<directory::Object> find(const Uuid& id);
    [[nodiscard]] std::optional<directory::Object> find(directory::Oid oid);
    [[nodiscard]] std::optional<directory::Object> find_any(const Uuid& id);
    [[nodiscard]] std::optional<directory::Object> find_any(directory::Oid oid);

    [[nodiscard]] Result<directory::QueryResult> query(const directory::Query& query);
    [[nodiscard]] std::vector<directory::Object> find_by_term(
        directory::AttributeId attribute, std::string_view value, std::size_t limit
    );
    [[nodiscard]] std::uint64_t count(directory::TypeId type);
    /// Where the object at `offset` of a type's list stands: at `skip` behind the first row
    /// numbered `from` or higher. Nothing when counters do not tell.
    struct Position {
        std::int64_t from;
        std::uint64_t skip;
    };
    [[nodiscard]] std::optional<Position> position(directory::TypeId type, std::uint64_t offset);
    [[nodiscard]] Result<std::string> explain(const directory::Query& query);

    [[nodiscard]] std::vector<directory::ObjectRow> edge_targets(
        directory::EdgeKind kind, directory::Oid source, directory::Oid after, std::size_t limit
    );
    void each_target_place(
        directory::EdgeKind kind, directory::Oid source, directory::SourceId owner,
        const std::function<void(directory::Oid, std::string_view)>& visit
    );
    [[nodiscard]] std::vector<directory::ObjectRow> edge_sources(
        directory::EdgeKind kind, directory::Oid target, directory::Oid after, std::size_t limit
    );
    [[nodiscard]] bool has_edge(
        directory::EdgeKind kind, directory::Oid source, directory::Oid target
    );
    /// True when `from` leads to `to` over one or more edges.
    [[nodiscard]] bool reaches(directory::EdgeKind kind, directory::Oid from, directory::Oid to);
    [[nodiscard]] std::vector<directory::Neighbour> reaching(
        directory::EdgeKind kind, directory::Oid target
    );
    /// True when an edge leads from `source` to another object than `except`; no object has oid 0.
    [[nodiscard]] bool has_edge_except(
        directory::EdgeKind kind, directory::Oid source, directory::Oid except
    );
    /// True when another object than `except` leads to `target` over one or more edges.
    [[nodiscard]] bool is_reached_except(
        directory::EdgeKind kind, directory::Oid target, directory::Oid except
    );
    [[nodiscard]] std::uint64_t count_edges(directory::EdgeKind kind, directory::Oid source);
    [[nodiscard]] std::optional<Time> edge_since(
        directory::EdgeKind kind, directory::Oid source, directory::Oid target
    );
    /// Edges by the number of their targets' type, as they are kept; nothing for a kind that is
    /// not counted.
    [[nodiscard]] std::optional<std::map<std::int64_t, std::uint64_t>> edge_counts(
        directory::EdgeKind kind, directory::Oid source
    );

    [[nodiscard]] std::optional<directory::MirrorEntry> find_entry(directory::Oid oid);
    [[nodiscard]] std::optional<directory::MirrorEntry> find_entry(
        directory::SourceId source, std::string_view dn_key
    );
    [[nodiscard]] std::vector<directory::MirrorEntry> entries_below(
        directory::SourceId source, std::string_view dn_key
    );
    [[nodiscard]] Status each_entry(
        directory::SourceId source,
        const std::function<Status(directory::Oid, const Uuid&, directory::EntryState)>& visit
    );
    [[nodiscard]] Status each_stamp(
        directory::SourceId source,
        const std::function<Status(const Uuid&, directory::EntryState, std::string_view)>& visit
    );
    [[nodiscard]] std::vector<directory::PendingReference> pending_from(
        directory::EdgeKind kind, directory::Oid from
    );
    [[nodiscard]] std::vector<directory::MirrorEntry> entries_in_state(
        directory::SourceId source, directory::EntryState state, std::size_t limit
    );
    [[nodiscard]] std::vector<directory::MirrorEntry> entries_blocked_by(
        directory::SourceId source, std::string_view term
    );
    [[nodiscard]] std::uint64_t count_entries(
        directory::SourceId source, directory::EntryState state
    );

    [[nodiscard]] std::optional<directory::SourceState> source_state(std::string_view name);
    [[nodiscard]] std::vector<directory::SourceState> source_states();
    [[nodiscard]] std::vector<directory::JournalRecord> journal(const directory::JournalQuery& query
    );
    [[nodiscard]] std::int64_t last_sequence();

    [[nodiscard]] std::int64_t counter(std::string_view name);
    [[nodiscard]] Connection& connection() { return connection_; }
    [[nodiscard]] const RegistryNumbers& numbers() const { return numbers_; }
    [[nodiscard]] std::int64_t hidden_from() const { return hidden_from_; }

    /// The row at the given column on, as object_columns lists them; nothing when hidden or of an
    /// unknown type.
    [[nodiscard]] std::optional<directory::ObjectRow> object_row(const Rows& rows, int first = 0)
        const;

  private:
    [[nodiscard]] std::optional<directory::Object> object(const Rows& rows) const;
    /// Adds what lies above the `waiting` ones and was not seen yet, and sorts.
    void add_indirect(
        AboveCache& cache, directory::EdgeKind kind, std::vector<directory::Oid> waiting,
        std::unordered_set<std::int64_t> seen, std::vector<directory::Neighbour>& result
    );
    [[nodiscard]] const AboveCache::Entry& above(
        AboveCache& cache, directory::EdgeKind kind, directory::Oid oid
    );
    [[nodiscard]] std::vector<directory::ObjectRow> object_rows(Rows rows) const;
    [[nodiscard]] std::optional<directory::MirrorEntry> entry(const Rows& rows) const;
    [[nodiscard]] std::vector<directory::MirrorEntry> entries(Rows rows) const;

    Connection& connection_;
    const RegistryNumbers& numbers_;
    std::int64_t hidden_from_ = nothing_hidden;
    bool counters_current_ = true;
    AboveCache* above_cache_ = nullptr;
};

/// Columns of `object o`, in the order that object_row() reads.
#define BASCULE_OBJECT_COLUMNS \
    "o.oid,o.id,o.type,o.source,o.version,o.created,o.modified,o.deleted,o.refs,o.display"
inline constexpr int object_column_count = 10;

/// Names of counters.
[[nodiscard]] std::string live_counter(std::int64_t type_number);
/// Live objects of a type among the numbers of one block; they tell where a far page begins.
[[nodiscard]] std::string block_counter(std::int64_t type_number, std::int64_t oid);
inline constexpr std::int64_t block_size = 4096;
/// Set once an attribute got a term that may be cut (directory::may_be_cut).
[[nodiscard]] std::string cut_counter(std::int64_t attribute_number);
[[nodiscard]] std::string entry_counter(directory::SourceId source, directory::EntryState state);

}  // namespace bascule::store
