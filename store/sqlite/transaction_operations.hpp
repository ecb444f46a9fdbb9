#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/sqlite/edge_counts.hpp"
#include "store/sqlite/read_operations.hpp"
#include "store/sqlite/value_changes.hpp"

namespace bascule::store {

/// Terms that a running first load has taken and not yet written.
class LoadedTerms {
  public:
    virtual ~LoadedTerms() = default;
    /// Takes a unique term; false when it is taken already. Thread-safe.
    [[nodiscard]] virtual bool claim(std::int64_t attribute, std::string_view value) = 0;
};

[[nodiscard]] Error uniqueness_error(std::string_view type, const directory::AttributeSpec& spec);

/// Every write of the port, inside one savepoint of the writer. Throws SqliteError.
class TransactionOperations {
  public:
    TransactionOperations(
        Connection& connection, const RegistryNumbers& numbers, Time now, LoadedTerms* loaded
    )
        : connection_(connection),
          numbers_(numbers),
          reads_(connection, numbers),
          values_(connection),
          now_(now),
          loaded_(loaded) {}

    [[nodiscard]] ReadOperations& reads() { return reads_; }
    [[nodiscard]] Time now() const { return now_; }

    /// Runs `fn` on operations of its own inside a savepoint, which its error rolls back.
    [[nodiscard]] Status nested(const std::function<Status(TransactionOperations&)>& fn);

    [[nodiscard]] Result<directory::Oid> create(directory::NewObject object);
    [[nodiscard]] Result<bool> update(
        directory::Oid oid, std::string body, std::string local, std::string display
    );
    [[nodiscard]] Status convert(
        directory::Oid oid, directory::TypeId type, directory::SourceId source, std::string body,
        std::string local, std::string display
    );
    [[nodiscard]] Status remove(directory::Oid oid);
    [[nodiscard]] Status restore(directory::Oid oid);
    [[nodiscard]] Result<std::uint64_t> purge(Time horizon, std::size_t limit);

    [[nodiscard]] Result<bool> add_edge(
        directory::EdgeKind kind, directory::Oid source, directory::Oid target
    );
    [[nodiscard]] Result<bool> remove_edge(
        directory::EdgeKind kind, directory::Oid source, directory::Oid target
    );
    [[nodiscard]] Result<std::uint64_t> clear_edges(
        directory::EdgeKind kind, directory::Oid source
    );

    void put_entry(const directory::MirrorEntry& entry);
    void erase_entry(directory::Oid oid);
    [[nodiscard]] std::uint64_t rebase_entries(
        directory::SourceId source, std::string_view old_key, std::string_view new_key,
        std::string_view new_dn
    );
    void add_pending(const directory::PendingReference& reference);
    void clear_pending(directory::EdgeKind kind, directory::Oid from);
    void remove_pending(const directory::PendingReference& reference);
    [[nodiscard]] std::vector<directory::PendingReference> pending_for(
        directory::SourceId source, std::string_view dn_key
    );

    [[nodiscard]] Status put_source_state(const directory::SourceState& state);
    void append(directory::JournalRecord record);
    [[nodiscard]] std::uint64_t trim_journal(Time horizon, std::size_t limit);

    /// Live objects, own changes included.
    [[nodiscard]] std::uint64_t count(directory::TypeId type);
    [[nodiscard]] std::uint64_t count_entries(
        directory::SourceId source, directory::EntryState state
    );

    /// Writes what was gathered (counters, counts of edges, blocks of values) and forgets it; call
    /// before the savepoint is released.
    void flush();
    /// Writes what a query looks at.
    void flush_for_query() {
        values_.flush();
        flush_edge_counts();
    }
    /// Writes what count_edges looks at.
    void flush_edge_counts() { edge_counts_.flush(connection_); }

  private:
    struct NumberedTerm;
    [[nodiscard]] Status check_unique(
        const std::vector<directory::Term>& terms, directory::TypeId type, std::string_view body,
        directory::Oid self
    );
    [[nodiscard]] bool holds_value(
        directory::Oid oid, const directory::Term& term, std::string_view body
    );
    void add_terms(const std::vector<directory::Term>& terms, directory::Oid oid);
    void drop_terms(const std::vector<directory::Term>& terms, directory::Oid oid);
    [[nodiscard]] Status replace_document(
        const directory::Object& old, directory::TypeId type, const std::string& body,
        const std::string& local
    );

    /// Gives the object a new version, once in this transaction, and changes its count of edges.
    void touch(directory::Oid oid, std::int64_t references);
    [[nodiscard]] std::vector<std::int64_t> edge_kinds(bool parked_ones);
    [[nodiscard]] std::vector<directory::Oid> other_ends(
        std::int64_t kind, directory::Oid oid, bool outgoing
    );
    void park_edges(const directory::ObjectRow& object);
    void unpark_edges(const directory::ObjectRow& object);
    /// One edge more between live objects, or one less.
    void count_edge(
        std::int64_t kind, directory::Oid source, directory::TypeId target, std::int64_t delta
    );
    /// Moves the edges that lead to the object from one type's counts to another's.
    void recount_edges(directory::Oid oid, directory::TypeId before, directory::TypeId after);
    void erase_object(directory::Oid oid);

    void add_to_counter(const std::string& name, std::int64_t delta) {
        deltas_[name] += delta;
        reads_.set_counters_current(false);
    }
    /// One object of the type more, or less.
    void count_live(std::int64_t type_number, directory::Oid oid, std::int64_t delta);
    [[nodiscard]] std::int64_t take_number(const std::string& name);

    Connection& connection_;
    const RegistryNumbers& numbers_;
    ReadOperations reads_;
    ValueChanges values_;
    EdgeCounts edge_counts_;
    Time now_;
    LoadedTerms* loaded_;
    std::unordered_set<std::int64_t> touched_;
    std::map<std::string, std::int64_t, std::less<>> deltas_;
    std::map<std::string, std::int64_t, std::less<>> next_numbers_;
};

}  // namespace bascule::store
