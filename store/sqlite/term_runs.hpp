#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/bulk_rows.hpp"
#include "store/sqlite/run_file.hpp"

namespace bascule::store {

/// Sorts any number of terms in bounded memory: full buffers are sorted and written to run files by
/// a helper thread, merge() reads them back in order. Used by one thread.
class TermRuns {
  public:
    explicit TermRuns(std::string database_path);
    ~TermRuns();

    /// `value` has at most 65535 bytes.
    void add(std::int64_t attribute, std::string_view value, std::int64_t oid);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// All terms in the order of the table's key: columns a = attr, b = value, c = oid. Ends the
    /// adding; lives as long as the runs.
    [[nodiscard]] std::unique_ptr<BulkRows> merge();

    struct Buffer;

  private:
    void spill();

    std::string path_;
    std::unique_ptr<Buffer> filling_;
    std::unique_ptr<Buffer> spare_;
    std::future<RunFile> sorting_;
    std::vector<RunFile> runs_;
    std::uint64_t size_ = 0;
};

/// Moves the next `slice` of `terms` into the table; returns how many there were.
[[nodiscard]] std::int64_t insert_terms(
    Connection& connection, BulkRows& terms, std::int64_t slice
);

}  // namespace bascule::store
