#pragma once

#include "directory/ports/store.hpp"
#include "store/sqlite/transaction_operations.hpp"

namespace bascule::store {

/// The reading half of the port over ReadOperations; turns SqliteError into Error.
template <class Port>
class ReadPort : public Port {
  public:
    using Oid = directory::Oid;
    using EdgeKind = directory::EdgeKind;
    using SourceId = directory::SourceId;
    using EntryState = directory::EntryState;
    template <class T>
    using Maybe = Result<std::optional<T>>;

    Maybe<directory::ObjectRow> find_row(const Uuid& id) override {
        return guarded([&]() -> Maybe<directory::ObjectRow> { return reads().find_row(id); });
    }
    Maybe<directory::Object> find(const Uuid& id) override {
        return guarded([&]() -> Maybe<directory::Object> { return reads().find(id); });
    }
    Maybe<directory::ObjectRow> find_row(Oid oid) override {
        return guarded([&]() -> Maybe<directory::ObjectRow> { return reads().find_row(oid); });
    }
    Maybe<directory::Object> find(Oid oid) override {
        return guarded([&]() -> Maybe<directory::Object> { return reads().find(oid); });
    }
    Maybe<directory::Object> find_any(const Uuid& id) override {
        return guarded([&]() -> Maybe<directory::Object> { return reads().find_any(id); });
    }
    Result<directory::QueryResult> query(const directory::Query& query) override {
        return guarded([&] { return reads().query(query); });
    }
    Result<std::vector<directory::Object>> find_by_term(
        directory::AttributeId attribute, std::string_view value, std::size_t limit
    ) override {
        return guarded([&]() -> Result<std::vector<directory::Object>> {
            return reads().find_by_term(attribute, value, limit);
        });
    }
    Result<std::uint64_t> count(directory::TypeId type) override {
        return guarded([&]() -> Result<std::uint64_t> { return reads().count(type); });
    }
    Result<std::string> explain(const directory::Query& query) override {
        return guarded([&] { return reads().explain(query); });
    }
    Result<std::vector<directory::ObjectRow>> edge_targets(
        EdgeKind kind, Oid source, Oid after, std::size_t limit
    ) override {
        return guarded([&]() -> Result<std::vector<directory::ObjectRow>> {
            return reads().edge_targets(kind, source, after, limit);
        });
    }
    Status each_target_place(
        EdgeKind kind, Oid source, SourceId owner,
        const std::function<void(Oid, std::string_view)>& visit
    ) override {
        return guarded([&]() -> Status {
            reads().each_target_place(kind, source, owner, visit);
            return {};
        });
    }
    Result<std::vector<directory::ObjectRow>> edge_sources(
        EdgeKind kind, Oid target, Oid after, std::size_t limit
    ) override {
        return guarded([&]() -> Result<std::vector<directory::ObjectRow>> {
            return reads().edge_sources(kind, target, after, limit);
        });
    }
    Result<bool> has_edge(EdgeKind kind, Oid source, Oid target) override {
        return guarded([&]() -> Result<bool> { return reads().has_edge(kind, source, target); });
    }
    Result<std::vector<directory::Neighbour>> reaching(EdgeKind kind, Oid target) override {
        return guarded([&]() -> Result<std::vector<directory::Neighbour>> {
            return reads().reaching(kind, target);
        });
    }
    Result<std::uint64_t> count_edges(EdgeKind kind, Oid source) override {
        return guarded([&]() -> Result<std::uint64_t> {
            return reads().count_edges(kind, source);
        });
    }
    Maybe<Time> edge_since(EdgeKind kind, Oid source, Oid target) override {
        return guarded([&]() -> Maybe<Time> { return reads().edge_since(kind, source, target); });
    }
    Maybe<directory::MirrorEntry> find_entry(Oid oid) override {
        return guarded([&]() -> Maybe<directory::MirrorEntry> { return reads().find_entry(oid); });
    }
    Maybe<directory::MirrorEntry> find_entry(SourceId source, std::string_view dn_key) override {
        return guarded([&]() -> Maybe<directory::MirrorEntry> {
            return reads().find_entry(source, dn_key);
        });
    }
    Result<std::vector<directory::MirrorEntry>> entries_below(
        SourceId source, std::string_view dn_key
    ) override {
        return guarded([&]() -> Result<std::vector<directory::MirrorEntry>> {
            return reads().entries_below(source, dn_key);
        });
    }
    Status each_entry(
        SourceId source, const std::function<Status(Oid, const Uuid&, EntryState)>& visit
    ) override {
        return guarded([&] { return reads().each_entry(source, visit); });
    }
    Status each_stamp(
        SourceId source,
        const std::function<Status(const Uuid&, EntryState, std::string_view)>& visit
    ) override {
        return guarded([&] { return reads().each_stamp(source, visit); });
    }
    Result<std::vector<directory::MirrorEntry>> entries_in_state(
        SourceId source, EntryState state, std::size_t limit
    ) override {
        return guarded([&]() -> Result<std::vector<directory::MirrorEntry>> {
            return reads().entries_in_state(source, state, limit);
        });
    }
    Result<std::uint64_t> count_entries(SourceId source, EntryState state) override {
        return guarded([&]() -> Result<std::uint64_t> {
            return reads().count_entries(source, state);
        });
    }
    Result<std::vector<directory::PendingReference>> pending_from(EdgeKind kind, Oid from)
        override {
        return guarded([&]() -> Result<std::vector<directory::PendingReference>> {
            return reads().pending_from(kind, from);
        });
    }
    Maybe<directory::SourceState> source_state(std::string_view name) override {
        return guarded([&]() -> Maybe<directory::SourceState> {
            return reads().source_state(name);
        });
    }
    Result<std::vector<directory::SourceState>> source_states() override {
        return guarded([&]() -> Result<std::vector<directory::SourceState>> {
            return reads().source_states();
        });
    }
    Result<std::vector<directory::JournalRecord>> journal(const directory::JournalQuery& query
    ) override {
        return guarded([&]() -> Result<std::vector<directory::JournalRecord>> {
            return reads().journal(query);
        });
    }
    Result<std::int64_t> last_sequence() override {
        return guarded([&]() -> Result<std::int64_t> { return reads().last_sequence(); });
    }

  protected:
    virtual ReadOperations& reads() = 0;
};

class SqliteReader final : public ReadPort<directory::Reader> {
  public:
    explicit SqliteReader(ReadOperations operations) : operations_(operations) {}

  private:
    ReadOperations& reads() override { return operations_; }
    ReadOperations operations_;
};

/// The port's transaction over TransactionOperations.
class SqliteTransaction final : public ReadPort<directory::Transaction> {
  public:
    explicit SqliteTransaction(TransactionOperations& operations) : operations_(operations) {}

    Time now() const override { return operations_.now(); }
    Status nested(const std::function<Status(Transaction&)>& fn) override {
        return guarded([&] {
            return operations_.nested([&fn](TransactionOperations& inner) {
                SqliteTransaction transaction(inner);
                return fn(transaction);
            });
        });
    }
    Result<directory::QueryResult> query(const directory::Query& query) override {
        return guarded([&] {
            operations_.flush_for_query();
            return reads().query(query);
        });
    }
    Result<std::string> explain(const directory::Query& query) override {
        return guarded([&] {
            operations_.flush_for_query();
            return reads().explain(query);
        });
    }
    Result<std::uint64_t> count(directory::TypeId type) override {
        return guarded([&]() -> Result<std::uint64_t> { return operations_.count(type); });
    }
    Result<std::uint64_t> count_edges(EdgeKind kind, Oid source) override {
        return guarded([&]() -> Result<std::uint64_t> {
            operations_.flush_edge_counts();
            return reads().count_edges(kind, source);
        });
    }
    Result<std::uint64_t> count_entries(SourceId source, EntryState state) override {
        return guarded([&]() -> Result<std::uint64_t> {
            return operations_.count_entries(source, state);
        });
    }
    Result<Oid> create(directory::NewObject object) override {
        return guarded([&] { return operations_.create(std::move(object)); });
    }
    Result<bool> update(Oid oid, std::string body, std::string local, std::string display)
        override {
        return guarded([&] {
            return operations_.update(oid, std::move(body), std::move(local), std::move(display));
        });
    }
    Status convert(
        Oid oid, directory::TypeId type, SourceId source, std::string body, std::string local,
        std::string display
    ) override {
        return guarded([&] {
            return operations_.convert(
                oid, type, source, std::move(body), std::move(local), std::move(display)
            );
        });
    }
    Status remove(Oid oid) override {
        return guarded([&] { return operations_.remove(oid); });
    }
    Status restore(Oid oid) override {
        return guarded([&] { return operations_.restore(oid); });
    }
    Result<std::uint64_t> purge(Time horizon, std::size_t limit) override {
        return guarded([&] { return operations_.purge(horizon, limit); });
    }
    Result<bool> add_edge(EdgeKind kind, Oid source, Oid target) override {
        return guarded([&] { return operations_.add_edge(kind, source, target); });
    }
    Result<bool> remove_edge(EdgeKind kind, Oid source, Oid target) override {
        return guarded([&] { return operations_.remove_edge(kind, source, target); });
    }
    Result<std::uint64_t> clear_edges(EdgeKind kind, Oid source) override {
        return guarded([&] { return operations_.clear_edges(kind, source); });
    }
    Status put_entry(const directory::MirrorEntry& entry) override {
        return done([&] { operations_.put_entry(entry); });
    }
    Status erase_entry(Oid oid) override {
        return done([&] { operations_.erase_entry(oid); });
    }
    Result<std::uint64_t> rebase_entries(
        SourceId source, std::string_view old_key, std::string_view new_key, std::string_view,
        std::string_view new_dn
    ) override {
        return guarded([&]() -> Result<std::uint64_t> {
            return operations_.rebase_entries(source, old_key, new_key, new_dn);
        });
    }
    Result<std::vector<directory::MirrorEntry>> entries_blocked_by(
        SourceId source, std::string_view term
    ) override {
        return guarded([&]() -> Result<std::vector<directory::MirrorEntry>> {
            return operations_.reads().entries_blocked_by(source, term);
        });
    }
    Status add_pending(const directory::PendingReference& reference) override {
        return done([&] { operations_.add_pending(reference); });
    }
    Status clear_pending(EdgeKind kind, Oid from) override {
        return done([&] { operations_.clear_pending(kind, from); });
    }
    Status remove_pending(const directory::PendingReference& reference) override {
        return done([&] { operations_.remove_pending(reference); });
    }
    Result<std::vector<directory::PendingReference>> pending_for(
        SourceId source, std::string_view dn_key
    ) override {
        return guarded([&]() -> Result<std::vector<directory::PendingReference>> {
            return operations_.pending_for(source, dn_key);
        });
    }
    Status put_source_state(const directory::SourceState& state) override {
        return guarded([&] { return operations_.put_source_state(state); });
    }
    Status append(directory::JournalRecord record) override {
        return done([&] { operations_.append(std::move(record)); });
    }
    Result<std::uint64_t> trim_journal(Time horizon, std::size_t limit) override {
        return guarded([&]() -> Result<std::uint64_t> {
            return operations_.trim_journal(horizon, limit);
        });
    }

  private:
    template <class Fn>
    [[nodiscard]] static Status done(Fn&& fn) {
        return guarded([&]() -> Status {
            fn();
            return {};
        });
    }
    ReadOperations& reads() override { return operations_.reads(); }
    TransactionOperations& operations_;
};

}  // namespace bascule::store
