#include <fmt/format.h>

#include "store/sqlite/edge_counts.hpp"
#include "store/sqlite/read_operations.hpp"

namespace bascule::store {

using namespace directory;

std::string live_counter(std::int64_t type_number) {
    return fmt::format("live:{}", type_number);
}

// Twelve digits, so that the names of a type sort as their numbers do.
std::string block_counter(std::int64_t type_number, std::int64_t oid) {
    return fmt::format("block:{}:{:012}", type_number, oid / block_size);
}

std::string cut_counter(std::int64_t attribute_number) {
    return fmt::format("cut:{}", attribute_number);
}

std::optional<ObjectRow> ReadOperations::object_row(const Rows& rows, int first) const {
    const auto type = numbers_.type(rows.integer(first + 2));
    if (!type || rows.integer(first) >= hidden_from_) {
        return std::nullopt;
    }
    ObjectRow row;
    row.oid = static_cast<Oid>(rows.integer(first));
    row.id = rows.uuid(first + 1);
    row.type = *type;
    row.source = static_cast<SourceId>(rows.integer(first + 3));
    row.version = static_cast<std::uint64_t>(rows.integer(first + 4));
    row.created = rows.time(first + 5);
    row.modified = rows.time(first + 6);
    if (!rows.is_null(first + 7)) {
        row.deleted = rows.time(first + 7);
    }
    row.references = static_cast<std::uint32_t>(rows.integer(first + 8));
    row.display = rows.string(first + 9);
    return row;
}

std::optional<Object> ReadOperations::object(const Rows& rows) const {
    auto row = object_row(rows);
    if (!row) {
        return std::nullopt;
    }
    return Object{*std::move(row), rows.string(10), rows.string(11)};
}

std::vector<ObjectRow> ReadOperations::object_rows(Rows rows) const {
    std::vector<ObjectRow> result;
    while (rows.next()) {
        if (auto row = object_row(rows)) {
            result.push_back(*std::move(row));
        }
    }
    return result;
}

// While a load runs the index of ids may be away; a small one over the visible rows stands in for
// it. The planner takes a partial index only when the bound stands in the text.
std::string id_condition(std::int64_t hidden_from) {
    return hidden_from == nothing_hidden ? "o.id=?"
                                         : fmt::format("o.id=? AND o.oid<{}", hidden_from);
}

std::optional<ObjectRow> ReadOperations::find_row(const Uuid& id) {
    static constexpr std::string_view usual =
        "SELECT " BASCULE_OBJECT_COLUMNS " FROM object o WHERE o.id=? AND o.deleted IS NULL";
    auto rows = hidden_from_ == nothing_hidden ? connection_.rows(usual, id)
                                               : connection_.rows(
                                                     "SELECT " BASCULE_OBJECT_COLUMNS
                                                     " FROM object o WHERE o.deleted IS NULL AND " +
                                                         id_condition(hidden_from_),
                                                     id
                                                 );
    return rows.next() ? object_row(rows) : std::nullopt;
}

std::optional<ObjectRow> ReadOperations::find_row(Oid oid) {
    auto rows = connection_.rows(
        "SELECT " BASCULE_OBJECT_COLUMNS " FROM object o WHERE o.oid=? AND o.deleted IS NULL", oid
    );
    return rows.next() ? object_row(rows) : std::nullopt;
}

std::optional<Object> ReadOperations::find_any(const Uuid& id) {
    static constexpr std::string_view usual =
        "SELECT " BASCULE_OBJECT_COLUMNS
        ",d.body,d.local FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE o.id=?";
    auto rows =
        hidden_from_ == nothing_hidden
            ? connection_.rows(usual, id)
            : connection_.rows(
                  "SELECT " BASCULE_OBJECT_COLUMNS
                  ",d.body,d.local FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE " +
                      id_condition(hidden_from_),
                  id
              );
    return rows.next() ? object(rows) : std::nullopt;
}

std::optional<Object> ReadOperations::find_any(Oid oid) {
    auto rows = connection_.rows(
        "SELECT " BASCULE_OBJECT_COLUMNS
        ",d.body,d.local FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE o.oid=?",
        oid
    );
    return rows.next() ? object(rows) : std::nullopt;
}

std::optional<Object> ReadOperations::find(const Uuid& id) {
    auto found = find_any(id);
    return found && !found->row.deleted ? std::move(found) : std::nullopt;
}

std::optional<Object> ReadOperations::find(Oid oid) {
    auto found = find_any(oid);
    return found && !found->row.deleted ? std::move(found) : std::nullopt;
}

std::uint64_t ReadOperations::count(TypeId type) {
    return static_cast<std::uint64_t>(counter(live_counter(numbers_.number(type))));
}

std::optional<ReadOperations::Position> ReadOperations::position(
    TypeId type, std::uint64_t offset
) {
    if (!counters_current_ || hidden_from_ != nothing_hidden) {
        return std::nullopt;
    }
    const auto prefix = fmt::format("block:{}:", numbers_.number(type));
    for (auto rows = connection_.rows(
             "SELECT substr(name,?3)*?4, value FROM counter WHERE name>=?1 AND name<?2 ORDER BY "
             "name",
             prefix, fmt::format("block:{};", numbers_.number(type)), prefix.size() + 1, block_size
         );
         rows.next();) {
        const auto here = static_cast<std::uint64_t>(rows.integer(1));
        if (offset < here) {
            return Position{rows.integer(0), offset};
        }
        offset -= here;
    }
    return Position{std::numeric_limits<std::int64_t>::max(), 0};
}

std::int64_t ReadOperations::counter(std::string_view name) {
    return connection_.number("SELECT value FROM counter WHERE name=?", name).value_or(0);
}

std::vector<ObjectRow> ReadOperations::edge_targets(
    EdgeKind kind, Oid source, Oid after, std::size_t limit
) {
    return object_rows(connection_.rows(
        "SELECT " BASCULE_OBJECT_COLUMNS
        " FROM edge e CROSS JOIN object o ON o.oid=e.dst WHERE e.kind=? AND e.src=? AND e.dst>? "
        "ORDER BY e.dst LIMIT ?",
        kind, source, after, limit
    ));
}

void ReadOperations::each_target_place(
    EdgeKind kind, Oid source, SourceId owner,
    const std::function<void(Oid, std::string_view)>& visit
) {
    auto rows = connection_.rows(
        "SELECT e.dst,n.dn_key FROM edge e LEFT JOIN entry n ON n.oid=e.dst AND n.source=? "
        "WHERE e.kind=? AND e.src=? AND e.dst<? ORDER BY e.dst",
        owner, kind, source, hidden_from_
    );
    while (rows.next()) {
        visit(static_cast<Oid>(rows.integer(0)), rows.text(1));
    }
}

std::vector<ObjectRow> ReadOperations::edge_sources(
    EdgeKind kind, Oid target, Oid after, std::size_t limit
) {
    return object_rows(connection_.rows(
        "SELECT " BASCULE_OBJECT_COLUMNS
        " FROM edge e CROSS JOIN object o ON o.oid=e.src WHERE e.kind=? AND e.dst=? AND e.src>? "
        "ORDER BY e.src LIMIT ?",
        kind, target, after, limit
    ));
}

bool ReadOperations::has_edge(EdgeKind kind, Oid source, Oid target) {
    return connection_
        .number("SELECT 1 FROM edge WHERE kind=? AND src=? AND dst=?", kind, source, target)
        .has_value();
}

std::optional<Time> ReadOperations::edge_since(EdgeKind kind, Oid source, Oid target) {
    auto rows = connection_.rows(
        "SELECT since FROM edge WHERE kind=? AND src=? AND dst=?", kind, source, target
    );
    return rows.next() ? std::optional(rows.time(0)) : std::nullopt;
}

bool ReadOperations::has_edge_except(EdgeKind kind, Oid source, Oid except) {
    return connection_
        .number(
            "SELECT 1 FROM edge WHERE kind=?1 AND src=?2 AND dst<>?3 LIMIT 1", kind, source, except
        )
        .has_value();
}

std::uint64_t ReadOperations::count_edges(EdgeKind kind, Oid source) {
    if (is_counted(static_cast<std::int64_t>(kind))) {
        return static_cast<std::uint64_t>(
            connection_
                .number("SELECT sum(edges) FROM edge_count WHERE kind=? AND src=?", kind, source)
                .value_or(0)
        );
    }
    return static_cast<std::uint64_t>(
        connection_.number("SELECT count(*) FROM edge WHERE kind=? AND src=?", kind, source)
            .value_or(0)
    );
}

std::optional<std::map<std::int64_t, std::uint64_t>> ReadOperations::edge_counts(
    EdgeKind kind, Oid source
) {
    if (!is_counted(static_cast<std::int64_t>(kind))) {
        return std::nullopt;
    }
    std::map<std::int64_t, std::uint64_t> counts;
    for (auto rows = connection_.rows(
             "SELECT type,edges FROM edge_count WHERE kind=? AND src=?", kind, source
         );
         rows.next();) {
        counts.emplace(rows.integer(0), static_cast<std::uint64_t>(rows.integer(1)));
    }
    return counts;
}

}  // namespace bascule::store
