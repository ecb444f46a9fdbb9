#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "directory/model/object.hpp"
#include "directory/model/registry.hpp"
#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Whether edges of a kind are counted by their source and the type of their target: those that are
/// searched from the other side and may be very many.
[[nodiscard]] constexpr bool is_counted(std::int64_t kind) {
    return kind == static_cast<std::int64_t>(directory::EdgeKind::member);
}

/// Gathers changes of the kept counts of edges and writes each once. Types are numbers of the
/// store. Throws SqliteError.
class EdgeCounts {
  public:
    void add(std::int64_t kind, std::int64_t source, std::int64_t type, std::int64_t delta) {
        if (is_counted(kind)) {
            deltas_[{kind, source}][type] += delta;
        }
    }
    /// The source has no edges of the kind any more.
    void clear(Connection& connection, std::int64_t kind, std::int64_t source);
    /// Writes what was gathered.
    void flush(Connection& connection);

  private:
    using Source = std::pair<std::int64_t, std::int64_t>;

    std::map<Source, std::map<std::int64_t, std::int64_t>> deltas_;
};

}  // namespace bascule::store
