#include "store/sqlite/load_state.hpp"

#include <fmt/format.h>

#include "store/sql/migrations.hpp"
#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/value_changes.hpp"

namespace bascule::store {
namespace {

constexpr std::int64_t rows_at_once = 20'000;

std::optional<std::int64_t> mark(Connection& connection, const char* name) {
    return connection.number("SELECT value FROM counter WHERE name=?", name);
}

/// Deletes rows numbered from `first` in slices, so that the log stays small.
void remove_rows(Connection& connection, const std::string& table, std::int64_t first) {
    const auto last =
        connection.number(fmt::format("SELECT coalesce(max(oid),0) FROM {}", table)).value_or(0);
    for (auto from = first; from <= last; from += rows_at_once) {
        connection.run(
            fmt::format("DELETE FROM {} WHERE oid>=? AND oid<?", table), from, from + rows_at_once
        );
        checkpoint(connection.handle());
    }
}

void remove_terms(Connection& connection, std::int64_t first) {
    std::vector<std::int64_t> attributes;
    for (auto rows = connection.rows("SELECT attr FROM attribute WHERE form<>''"); rows.next();) {
        attributes.push_back(rows.integer(0));
    }
    for (const auto attribute : attributes) {
        connection.run("DELETE FROM term WHERE attr=? AND +oid>=?", attribute, first);
        remove_value_blocks(connection, attribute, first);
        checkpoint(connection.handle());
    }
}

}  // namespace

void drop_bulk_indexes(Connection& connection, std::int64_t first) {
    connection.run("BEGIN IMMEDIATE");
    connection.script(
        fmt::format("CREATE UNIQUE INDEX loading_id ON object(id) WHERE oid<{}", first)
    );
    for (const auto& index : bulk_indexes()) {
        connection.script(fmt::format("DROP INDEX IF EXISTS {}", index.name));
    }
    connection.run("COMMIT");
}

void make_bulk_index(Connection& connection, std::string_view name) {
    for (const auto& index : bulk_indexes()) {
        if (index.name == name) {
            connection.script(index.statement);
        }
    }
}

void remove_unfinished_load(Connection& connection) {
    const auto first = mark(connection, LoadMark::first);
    if (!first) {
        return;
    }
    remove_terms(connection, *first);
    connection.run("DELETE FROM edge WHERE src>=?", *first);
    connection.run("DELETE FROM edge_count WHERE src>=?", *first);
    connection.run("DELETE FROM unresolved WHERE src>=?", *first);
    for (const char* table : {"entry", "document", "object"}) {
        remove_rows(connection, table, *first);
    }
    connection.script("DROP INDEX IF EXISTS loading_id");
    for (const auto& index : bulk_indexes()) {
        connection.script(index.statement);
    }
    connection.run("BEGIN IMMEDIATE");
    connection.run(
        "UPDATE source SET phase='new', cookie=x'' WHERE number=?",
        mark(connection, LoadMark::source).value_or(-1)
    );
    connection.run("DELETE FROM counter WHERE name IN (?,?)", LoadMark::first, LoadMark::source);
    connection.run("COMMIT");
}

}  // namespace bascule::store
