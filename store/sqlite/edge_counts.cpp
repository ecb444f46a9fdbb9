#include "store/sqlite/edge_counts.hpp"

namespace bascule::store {

void EdgeCounts::clear(Connection& connection, std::int64_t kind, std::int64_t source) {
    if (is_counted(kind)) {
        deltas_.erase({kind, source});
        connection.run("DELETE FROM edge_count WHERE kind=? AND src=?", kind, source);
    }
}

void EdgeCounts::flush(Connection& connection) {
    for (const auto& [source, types] : deltas_) {
        for (const auto& [type, delta] : types) {
            if (delta == 0) {
                continue;
            }
            connection.run(
                "INSERT INTO edge_count(kind,src,type,edges) VALUES(?,?,?,?) "
                "ON CONFLICT(kind,src,type) DO UPDATE SET edges=edges+excluded.edges",
                source.first, source.second, type, delta
            );
            connection.run(
                "DELETE FROM edge_count WHERE kind=? AND src=? AND type=? AND edges=0",
                source.first, source.second, type
            );
        }
    }
    deltas_.clear();
}

}  // namespace bascule::store
