#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "store/sqlite/bulk_rows.hpp"
#include "store/sqlite/run_file.hpp"

namespace bascule::store {

/// What stands before a term's value in a run file.
struct TermHeader {
    std::int64_t oid;
    std::uint32_t attribute;
    std::uint32_t size;  ///< of the value
};

/// The terms of sorted run files as one sorted sequence: columns a = attr, b = value, c = oid. A
/// thread of its own merges ahead of whoever reads. The files must live as long.
class MergedTerms final : public BulkRows {
  public:
    explicit MergedTerms(const std::vector<RunFile>& runs);
    ~MergedTerms() override;

    bool next() override;
    void column(sqlite3_context* context, int index) const override;

  private:
    using Chunk = std::vector<char>;
    void merge(const std::stop_token& stop, const std::vector<RunFile>& runs);
    /// False when nobody wants more.
    bool pass_on(const std::stop_token& stop, Chunk& chunk);
    bool take_chunk();

    Chunk chunk_;  ///< is read
    std::size_t at_ = 0;
    TermHeader header_{};
    const char* value_ = nullptr;

    std::mutex mutex_;  ///< guards what follows
    std::condition_variable_any changed_;
    std::deque<Chunk> ready_;
    std::vector<Chunk> empty_;
    bool ended_ = false;
    std::exception_ptr failure_;

    std::jthread thread_;
};

}  // namespace bascule::store
