#include "store/sqlite/transaction_operations.hpp"

namespace bascule::store {

using namespace directory;

namespace {

// Edges of a deleted object keep their kind plus this, out of every reader's way. No kind lies in a
// thousand with an odd number: own_edge_kind() sees to it.
constexpr std::int64_t parked = 1000;

constexpr bool is_parked(std::int64_t kind) {
    return kind / parked % 2 == 1;
}

}  // namespace

void TransactionOperations::touch(Oid oid, std::int64_t references) {
    const bool first = touched_.insert(static_cast<std::int64_t>(oid)).second;
    connection_.run(
        "UPDATE object SET version=version+?, modified=?, refs=refs+? WHERE oid=?", first ? 1 : 0,
        now_, references, oid
    );
}

std::vector<std::int64_t> TransactionOperations::edge_kinds(bool parked_ones) {
    std::vector<std::int64_t> kinds;
    for (std::int64_t kind = 0;;) {
        const auto next =
            connection_.number("SELECT kind FROM edge WHERE kind>? ORDER BY kind LIMIT 1", kind);
        if (!next) {
            return kinds;
        }
        kind = *next;
        if (is_parked(kind) == parked_ones) {
            kinds.push_back(kind);
        }
    }
}

std::vector<Oid> TransactionOperations::other_ends(std::int64_t kind, Oid oid, bool outgoing) {
    auto rows = outgoing
                    ? connection_.rows("SELECT dst FROM edge WHERE kind=? AND src=?", kind, oid)
                    : connection_.rows("SELECT src FROM edge WHERE kind=? AND dst=?", kind, oid);
    std::vector<Oid> ends;
    while (rows.next()) {
        ends.push_back(static_cast<Oid>(rows.integer(0)));
    }
    return ends;
}

void TransactionOperations::count_edge(
    std::int64_t kind, Oid source, TypeId target, std::int64_t delta
) {
    edge_counts_.add(kind, static_cast<std::int64_t>(source), numbers_.number(target), delta);
}

void TransactionOperations::recount_edges(Oid oid, TypeId before, TypeId after) {
    if (before == after) {
        return;
    }
    for (const auto kind : edge_kinds(false)) {
        if (!is_counted(kind)) {
            continue;
        }
        for (const auto source : other_ends(kind, oid, false)) {
            count_edge(kind, source, before, -1);
            count_edge(kind, source, after, 1);
        }
    }
}

void TransactionOperations::park_edges(const ObjectRow& object) {
    const auto oid = object.oid;
    for (const auto kind : edge_kinds(false)) {
        for (const auto source : other_ends(kind, oid, false)) {
            touch(source, -1);
            count_edge(kind, source, object.type, -1);
        }
        edge_counts_.clear(connection_, kind, static_cast<std::int64_t>(oid));
        connection_.run("UPDATE edge SET kind=kind+1000 WHERE kind=? AND src=?", kind, oid);
        connection_.run("UPDATE edge SET kind=kind+1000 WHERE kind=? AND dst=?", kind, oid);
    }
}

void TransactionOperations::unpark_edges(const ObjectRow& object) {
    static constexpr std::string_view move =
        "UPDATE edge SET kind=kind-1000 WHERE kind=? AND src=? AND dst=?";
    const auto oid = object.oid;
    for (const auto kind : edge_kinds(true)) {
        for (const auto end : other_ends(kind, oid, true)) {
            if (const auto target = reads_.find_row(end)) {
                connection_.run(move, kind, oid, end);
                touch(oid, 1);
                count_edge(kind - parked, oid, target->type, 1);
            }
        }
        for (const auto source : other_ends(kind, oid, false)) {
            // Who got another manager meanwhile keeps that one.
            const bool replaced = kind == parked + static_cast<std::int64_t>(EdgeKind::manager) &&
                                  reads_.count_edges(EdgeKind::manager, source) > 0;
            if (reads_.find_row(source) && !replaced) {
                connection_.run(move, kind, source, oid);
                touch(source, 1);
                count_edge(kind - parked, source, object.type, 1);
            }
        }
    }
}

Result<bool> TransactionOperations::add_edge(EdgeKind kind, Oid source, Oid target) {
    const auto row = reads_.find_row(target);
    if (!row || !reads_.find_row(source)) {
        return fail(
            ErrorKind::not_found, "not_found",
            "One of the two objects does not exist or was deleted."
        );
    }
    connection_.run(
        "INSERT INTO edge(kind,src,dst,since) VALUES(?,?,?,?) ON CONFLICT DO NOTHING", kind, source,
        target, now_
    );
    if (connection_.changes() == 0) {
        return false;
    }
    touch(source, 1);
    count_edge(static_cast<std::int64_t>(kind), source, row->type, 1);
    return true;
}

Result<bool> TransactionOperations::remove_edge(EdgeKind kind, Oid source, Oid target) {
    const auto number = static_cast<std::int64_t>(kind);
    connection_.run("DELETE FROM edge WHERE kind=? AND src=? AND dst=?", number, source, target);
    if (connection_.changes() == 0) {
        // Towards a deleted object the edge lies parked; it must not come back with it.
        connection_.run(
            "DELETE FROM edge WHERE kind=? AND src=? AND dst=?", number + parked, source, target
        );
        return false;
    }
    touch(source, -1);
    if (is_counted(number)) {
        if (const auto row = reads_.find_row(target)) {
            count_edge(number, source, row->type, -1);
        }
    }
    return true;
}

Result<std::uint64_t> TransactionOperations::clear_edges(EdgeKind kind, Oid source) {
    const auto number = static_cast<std::int64_t>(kind);
    connection_.run("DELETE FROM edge WHERE kind=? AND src=?", number + parked, source);
    connection_.run("DELETE FROM edge WHERE kind=? AND src=?", number, source);
    const auto removed = connection_.changes();
    if (removed > 0) {
        touch(source, -removed);
        edge_counts_.clear(connection_, number, static_cast<std::int64_t>(source));
    }
    return static_cast<std::uint64_t>(removed);
}

}  // namespace bascule::store
