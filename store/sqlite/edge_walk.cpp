#include <algorithm>
#include <unordered_set>
#include <vector>

#include "store/sqlite/read_operations.hpp"

// Walks against the edges, one indexed look-up for each object that has something above it. A
// recursive query would make two temporary trees each time, which costs more than everything else
// of a usual read.

namespace bascule::store {

using namespace directory;

namespace {

/// Calls `visit` once for every object above `target`, until it returns true; returns whether it
/// did. `target` itself counts when a cycle leads back to it.
template <class Visit>
bool any_above(Connection& connection, EdgeKind kind, Oid target, const Visit& visit) {
    std::vector<std::int64_t> waiting{static_cast<std::int64_t>(target)};
    std::unordered_set<std::int64_t> seen;
    while (!waiting.empty()) {
        const auto below = waiting.back();
        waiting.pop_back();
        auto rows = connection.rows("SELECT src FROM edge WHERE kind=? AND dst=?", kind, below);
        while (rows.next()) {
            const auto above = rows.integer(0);
            if (!seen.insert(above).second) {
                continue;
            }
            if (visit(static_cast<Oid>(above))) {
                return true;
            }
            waiting.push_back(above);
        }
    }
    return false;
}

std::vector<Oid> straight_above(Connection& connection, EdgeKind kind, Oid target) {
    std::vector<Oid> result;
    for (auto rows = connection.rows(
             "SELECT src FROM edge WHERE kind=? AND dst=? ORDER BY src", kind, target
         );
         rows.next();) {
        result.push_back(static_cast<Oid>(rows.integer(0)));
    }
    return result;
}

/// Changes with every commit of anybody; to be asked inside a transaction that has read something.
std::uint32_t data_version(sqlite3* handle) {
    std::uint32_t version = 0;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_DATA_VERSION, &version);
    return version;
}

}  // namespace

bool ReadOperations::reaches(EdgeKind kind, Oid from, Oid to) {
    return has_edge(kind, from, to) ||
           any_above(connection_, kind, to, [from](Oid above) { return above == from; });
}

bool ReadOperations::is_reached_except(EdgeKind kind, Oid target, Oid except) {
    return any_above(connection_, kind, target, [except](Oid above) { return above != except; });
}

const AboveCache::Entry& ReadOperations::above(AboveCache& cache, EdgeKind kind, Oid oid) {
    if (const auto* known = cache.find(kind, oid)) {
        return *known;
    }
    auto rows = connection_.rows(
        "SELECT " BASCULE_OBJECT_COLUMNS
        ",EXISTS(SELECT 1 FROM edge p WHERE p.kind=?1 AND p.dst=?2) FROM object o WHERE o.oid=?2",
        kind, oid
    );
    AboveCache::Entry entry;
    if (rows.next()) {
        // A row that is hidden may still lead further.
        entry = {object_row(rows), rows.integer(object_column_count) != 0};
    }
    return cache.keep(kind, oid, std::move(entry));
}

std::vector<Neighbour> ReadOperations::reaching(EdgeKind kind, Oid target) {
    AboveCache own;
    const bool may_keep = above_cache_ != nullptr && hidden_from_ == nothing_hidden;
    AboveCache& cache = may_keep ? *above_cache_ : own;
    const auto direct = straight_above(connection_, kind, target);
    cache.use_for(data_version(connection_.handle()));
    std::vector<Neighbour> result;
    std::vector<Oid> waiting;
    for (const auto oid : direct) {
        if (oid == target) {
            continue;
        }
        const auto& entry = above(cache, kind, oid);
        if (entry.row) {
            result.push_back({*entry.row, true});
        }
        if (entry.has_more) {
            waiting.push_back(oid);
        }
    }
    if (!waiting.empty()) {
        std::unordered_set<std::int64_t> seen{static_cast<std::int64_t>(target)};
        for (const auto oid : direct) {
            seen.insert(static_cast<std::int64_t>(oid));
        }
        add_indirect(cache, kind, std::move(waiting), std::move(seen), result);
    }
    return result;
}

void ReadOperations::add_indirect(
    AboveCache& cache, EdgeKind kind, std::vector<Oid> waiting,
    std::unordered_set<std::int64_t> seen, std::vector<Neighbour>& result
) {
    while (!waiting.empty()) {
        const auto below = waiting.back();
        waiting.pop_back();
        for (const auto oid : straight_above(connection_, kind, below)) {
            if (!seen.insert(static_cast<std::int64_t>(oid)).second) {
                continue;
            }
            const auto& entry = above(cache, kind, oid);
            if (entry.row) {
                result.push_back({*entry.row, false});
            }
            if (entry.has_more) {
                waiting.push_back(oid);
            }
        }
    }
    std::sort(result.begin(), result.end(), [](const Neighbour& left, const Neighbour& right) {
        return left.row.oid < right.row.oid;
    });
}

}  // namespace bascule::store
