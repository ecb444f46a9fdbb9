#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/ports/store.hpp"
#include "store/sql/filter_compiler.hpp"
#include "store/sqlite/read_operations.hpp"

namespace bascule::store {

/// Carries out one Query on a connection: plans, counts, sorts, pages. Throws SqliteError.
class QueryRun {
  public:
    QueryRun(ReadOperations& reads, const directory::Query& query);

    [[nodiscard]] directory::QueryResult run();
    [[nodiscard]] std::string explain();

  private:
    using Oids = std::vector<std::int64_t>;

    [[nodiscard]] directory::QueryResult run_unsorted();
    [[nodiscard]] directory::QueryResult run_checked();
    [[nodiscard]] directory::QueryResult run_sorted();
    [[nodiscard]] directory::QueryResult sort_by_row();
    [[nodiscard]] directory::QueryResult sort_in_memory();
    [[nodiscard]] directory::QueryResult walk_terms();
    [[nodiscard]] bool can_walk_terms() const;
    [[nodiscard]] bool sorts_by_row_column() const;

    /// SELECT oid of the plan, hiding rows of a running load.
    [[nodiscard]] Sql visible_source() const;
    [[nodiscard]] std::uint64_t total();
    [[nodiscard]] Oids oids(const Sql& sql);
    [[nodiscard]] std::vector<directory::Object> fetch(const Oids& oids);
    [[nodiscard]] bool is_match(const directory::Object& object);
    [[nodiscard]] bool edge_test(directory::Oid oid, const directory::Filter& filter);
    template <class Visit>
    void each_match(const Visit& visit);
    [[nodiscard]] Sql walk(std::string_view selection) const;
    [[nodiscard]] std::uint64_t count(const Sql& selection);
    void add_missing(Oids& page, std::uint64_t offset, std::uint64_t limit);

    ReadOperations& reads_;
    const directory::Query& query_;
    FilterPlan plan_;
};

}  // namespace bascule::store
