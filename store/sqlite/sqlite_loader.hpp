#pragma once

#include <deque>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "directory/ports/store.hpp"
#include "store/sqlite/claimed_terms.hpp"
#include "store/sqlite/reference_runs.hpp"
#include "store/sqlite/term_runs.hpp"
#include "store/sqlite/writer.hpp"

namespace bascule::store {

/// A first load: rows go to the writer in arrival order, terms and references to run files that
/// finish() merges.
class SqliteLoader final : public directory::Loader {
  public:
    /// Begins a load of a registered source; see Store::begin_load. `conflict`/"source_not_empty"
    /// when the store has objects of the source, `conflict`/"load_running" beside another load.
    [[nodiscard]] static Result<std::unique_ptr<directory::Loader>> begin(
        Writer& writer, const RegistryNumbers& numbers, std::string path, std::string_view source
    );
    ~SqliteLoader() override;

    Status add(
        directory::NewObject object, directory::MirrorEntry entry,
        std::span<const Reference> references
    ) override;
    Status finish(const directory::SourceState& state, directory::JournalRecord record) override;

  private:
    struct Row {
        std::int64_t oid;
        directory::NewObject object;
        directory::MirrorEntry entry;
        std::int64_t references;
    };
    struct Rows {
        std::vector<Row> rows;
        std::vector<std::pair<std::int64_t, std::string>> value_blocks;  ///< place and bytes
    };

    SqliteLoader(Writer& writer, const RegistryNumbers& numbers, std::string path);
    [[nodiscard]] Status prepare(std::string_view source);
    [[nodiscard]] Status start(TransactionOperations& operations, std::string_view source);
    [[nodiscard]] Status claim_existing(ReadOperations& reads);
    [[nodiscard]] Status claim(
        const directory::NewObject& object, const std::vector<directory::Term>& terms
    );
    void pack(std::int64_t attribute, std::int64_t oid, const std::string& value);
    void finish_value_blocks();
    [[nodiscard]] std::int64_t type_of(std::int64_t oid) const {
        return types_.at(static_cast<std::size_t>(oid - first_oid_));
    }
    [[nodiscard]] Status flush_rows();
    [[nodiscard]] Status wait_for_rows(std::size_t at_most);
    [[nodiscard]] Status exclusive(std::function<Status(Connection&)> work);
    [[nodiscard]] Status build_row_indexes();
    [[nodiscard]] Status merge_terms();
    [[nodiscard]] Status write_edges();
    void write_counters(Connection& connection) const;
    [[nodiscard]] Status commit(
        const directory::SourceState& state, directory::JournalRecord record
    );
    [[nodiscard]] Status end();
    static void insert_rows(
        Connection& connection, const RegistryNumbers& numbers, const Rows& rows, Time now
    );

    Writer& writer_;
    const RegistryNumbers& numbers_;
    ClaimedTerms claimed_;
    TermRuns terms_;
    ReferenceRuns references_;
    directory::SourceId source_{};
    bool started_ = false;
    bool indexes_dropped_ = false;
    std::int64_t first_oid_ = 0;
    std::int64_t next_oid_ = 0;
    std::vector<std::int32_t> types_;  ///< numbers of the types of the objects from first_oid_ on
    Rows rows_;
    std::int64_t packed_block_ = -1;
    /// By attribute: the values of the block that is being filled, with their objects.
    std::map<std::int64_t, std::vector<std::pair<std::int64_t, std::string>>> packing_;
    struct Writing {
        std::unique_ptr<const Rows> rows;  ///< freed by the thread that made them
        std::future<Status> done;
    };
    std::deque<Writing> writing_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>
        block_counts_;  ///< objects by type and block of numbers
    std::map<directory::EntryState, std::int64_t> entry_counts_;
    std::vector<std::int64_t> cut_attributes_;
};

}  // namespace bascule::store
