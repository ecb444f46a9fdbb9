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

/// The objects straight above one, in order of their numbers; the last column tells whether there
/// is more above. Its number is read apart, because a row may be hidden and still lead further.
constexpr std::string_view rows_above = "SELECT " BASCULE_OBJECT_COLUMNS
                                        ",EXISTS(SELECT 1 FROM edge p WHERE p.kind=?1 AND "
                                        "p.dst=e.src) FROM edge e CROSS JOIN object o ON "
                                        "o.oid=e.src WHERE e.kind=?1 AND e.dst=?2 ORDER BY e.src";
constexpr int more_above = 10;

}  // namespace

bool ReadOperations::reaches(EdgeKind kind, Oid from, Oid to) {
    return has_edge(kind, from, to) ||
           any_above(connection_, kind, to, [from](Oid above) { return above == from; });
}

bool ReadOperations::is_reached_except(EdgeKind kind, Oid target, Oid except) {
    return any_above(connection_, kind, target, [except](Oid above) { return above != except; });
}

std::vector<Neighbour> ReadOperations::reaching(EdgeKind kind, Oid target) {
    std::vector<Neighbour> result;
    std::vector<Oid> waiting;
    for (auto rows = connection_.rows(rows_above, kind, target); rows.next();) {
        const auto above = static_cast<Oid>(rows.integer(0));
        if (above == target) {
            continue;
        }
        if (auto row = object_row(rows)) {
            result.push_back({*std::move(row), true});
        }
        if (rows.integer(more_above) != 0) {
            waiting.push_back(above);
        }
    }
    if (!waiting.empty()) {
        add_indirect(kind, target, std::move(waiting), result);
    }
    return result;
}

void ReadOperations::add_indirect(
    EdgeKind kind, Oid target, std::vector<Oid> waiting, std::vector<Neighbour>& result
) {
    std::unordered_set<std::int64_t> seen{static_cast<std::int64_t>(target)};
    for (const auto& direct : result) {
        seen.insert(static_cast<std::int64_t>(direct.row.oid));
    }
    for (const auto oid : waiting) {
        seen.insert(static_cast<std::int64_t>(oid));
    }
    while (!waiting.empty()) {
        const auto below = waiting.back();
        waiting.pop_back();
        for (auto rows = connection_.rows(rows_above, kind, below); rows.next();) {
            if (!seen.insert(rows.integer(0)).second) {
                continue;
            }
            if (auto row = object_row(rows)) {
                result.push_back({*std::move(row), false});
            }
            if (rows.integer(more_above) != 0) {
                waiting.push_back(static_cast<Oid>(rows.integer(0)));
            }
        }
    }
    std::sort(result.begin(), result.end(), [](const Neighbour& left, const Neighbour& right) {
        return left.row.oid < right.row.oid;
    });
}

}  // namespace bascule::store
