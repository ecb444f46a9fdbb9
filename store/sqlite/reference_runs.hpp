#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "directory/model/object.hpp"
#include "store/sqlite/bulk_rows.hpp"
#include "store/sqlite/claimed_terms.hpp"
#include "store/sqlite/run_file.hpp"

namespace bascule::store {

/// References by DN of a running load, and the DNs that they may name. References are added in the
/// order of their source's number.
class ReferenceRuns {
  public:
    explicit ReferenceRuns(const std::string& database_path) : file_(database_path) {}

    /// An entry that references may resolve to.
    void add_target(std::string_view dn_key, std::int64_t oid) {
        targets_.push_back({digest_of(dn_key), oid});
    }
    void add(directory::EdgeKind kind, std::int64_t source, std::string_view dn_key);

    /// Told about every source whose resolved references are fewer than it was given, every DN
    /// that names nothing, and the targets of each source that has any.
    struct Leftovers {
        std::function<void(std::int64_t source, std::int64_t missing)> fewer;
        std::function<void(std::int64_t kind, std::int64_t source, std::string_view dn_key)>
            unresolved;
        std::function<
            void(std::int64_t kind, std::int64_t source, const std::vector<std::int64_t>& targets)>
            resolved;
    };
    /// All edges in the order of the table's key: columns a = kind, b = src, c = dst,
    /// d = since. Ends the adding; lives as long as this.
    [[nodiscard]] std::unique_ptr<BulkRows> edges(Time since, Leftovers leftovers);

    struct Target {
        Digest digest;
        std::int64_t oid;
    };
    [[nodiscard]] const RunFile& file() const { return file_; }
    /// The row of a DN, or 0.
    [[nodiscard]] std::int64_t resolve(const Digest& digest) const;

  private:
    RunFile file_;
    std::vector<Target> targets_;
    std::vector<std::int64_t> kinds_;  // that occur, in order
};

}  // namespace bascule::store
