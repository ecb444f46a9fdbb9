#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/ports/store.hpp"
#include "store/sql/filter_compiler.hpp"
#include "store/sqlite/read_operations.hpp"

namespace bascule::store {

/// Carries out one Query on a connection: plans, counts, sorts, pages. Throws SqliteError.
class QueryRun {
  public:
    QueryRun(ReadOperations& reads, const directory::Query& query);

    /// `invalid_input`/"too_many" beyond the query's check_limit.
    [[nodiscard]] Result<directory::QueryResult> run();
    [[nodiscard]] std::string explain();

  private:
    using Oids = std::vector<std::int64_t>;

    [[nodiscard]] std::string_view explain_sort();
    [[nodiscard]] directory::QueryResult run_by_offset();
    [[nodiscard]] directory::QueryResult run_unsorted();
    [[nodiscard]] directory::QueryResult run_checked();
    [[nodiscard]] directory::QueryResult run_sorted();
    [[nodiscard]] directory::QueryResult sort_by_row();
    [[nodiscard]] directory::QueryResult sort_in_memory();
    [[nodiscard]] directory::QueryResult walk_terms();
    [[nodiscard]] bool can_walk_terms() const;
    [[nodiscard]] bool sorts_by_row_column() const;

    // Pages by key, in keyset_run.cpp. Each gives up to one place more than the page has, in the
    // direction of travel.
    using Position = directory::SortPosition;
    using Positions = std::vector<Position>;
    [[nodiscard]] directory::QueryResult run_by_key();
    [[nodiscard]] Positions positions();
    [[nodiscard]] Positions positions_by_number();
    [[nodiscard]] Positions positions_by_row();
    [[nodiscard]] Positions positions_by_term();
    [[nodiscard]] Positions positions_by_document();
    /// SELECT oid and the sorted column: in the column's order from an index when it `walks`.
    [[nodiscard]] Sql rows_by_column(bool walks) const;
    void add_rows(Positions& page, Sql sql, std::string_view order);
    void add_valued(Positions& page);
    void add_without_value(Positions& page);
    /// The oids of `source` from the keyset's place on, or all of them, in the direction of travel.
    [[nodiscard]] Sql numbers_from(const Sql& source, bool from_start) const;
    [[nodiscard]] bool has_many_candidates();
    /// True when the page is read from the end of the ascending order to its start.
    [[nodiscard]] bool travels_down() const;
    [[nodiscard]] bool is_on_page(const Position& position) const;
    [[nodiscard]] std::uint64_t wanted() const;

    /// SELECT oid of the plan, hiding rows of a running load.
    [[nodiscard]] Sql visible_source() const;
    [[nodiscard]] std::uint64_t total();
    [[nodiscard]] Oids oids(const Sql& sql);
    [[nodiscard]] std::vector<directory::Object> fetch(const Oids& oids);
    [[nodiscard]] std::vector<directory::Object> fetch(const Positions& positions);
    [[nodiscard]] Position position_of(const directory::Object& object) const;
    [[nodiscard]] bool is_match(const directory::Object& object);
    [[nodiscard]] bool edge_test(directory::Oid oid, const directory::Filter& filter);
    /// Calls `visit` with every match that `oids` (a SELECT) gives, until it returns false or the
    /// check limit is reached.
    template <class Visit>
    void each_match(const Sql& oids, const Visit& visit);
    [[nodiscard]] Sql walk(std::string_view selection) const;
    [[nodiscard]] std::uint64_t count(const Sql& selection);
    void add_missing(Oids& page, std::uint64_t offset, std::uint64_t limit);

    ReadOperations& reads_;
    const directory::Query& query_;
    FilterPlan plan_;
    std::uint64_t checked_ = 0;  ///< documents that were read to decide
    std::uint64_t matched_ = 0;  ///< by positions_by_document()
    bool beyond_limit_ = false;
};

template <class Visit>
void QueryRun::each_match(const Sql& oids, const Visit& visit) {
    for (auto rows = reads_.connection().rows(oids); rows.next();) {
        if (query_.check_limit != 0 && checked_ == query_.check_limit) {
            beyond_limit_ = true;
            return;
        }
        ++checked_;
        auto object = reads_.find(static_cast<directory::Oid>(rows.integer(0)));
        if (object && is_match(*object) && !visit(*std::move(object))) {
            return;
        }
    }
}

}  // namespace bascule::store
