#pragma once

#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "store/sqlite/connection.hpp"

namespace bascule::store {

class Writer;

/// Pages of 8 KiB. From 8 MiB on the log is written back beside the writes. From 32 MiB on the
/// writer writes the rest of it back as soon as this is at most 2 MiB, so that the log starts over
/// in the same blocks of the disk. Above 512 MiB the writer does all of it.
inline constexpr std::uint32_t checkpoint_from_pages = 1024;
inline constexpr std::uint32_t checkpoint_finish_pages = 4096;
inline constexpr std::uint32_t checkpoint_small_rest = 256;
inline constexpr std::uint32_t checkpoint_hard_pages = 65536;

/// Writes back what no reader hinders, without waiting for anybody. Returns how many pages of the
/// log are in the database file; nothing when another checkpoint runs.
std::optional<std::uint32_t> checkpoint(sqlite3* handle);

/// Waits until the database file is on disk. SQLite does so at the end of a complete checkpoint;
/// what was done before then is not done there.
void sync_database(sqlite3* handle);

/// Writes the log back in a thread of its own, so that commits do not pay for it.
class Checkpointer {
  public:
    Checkpointer(std::unique_ptr<Connection> connection, Writer& writer);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

  private:
    void loop();
    /// Writes back what there is; returns how long to wait before looking again.
    [[nodiscard]] std::chrono::milliseconds write_back();

    std::unique_ptr<Connection> connection_;
    Writer& writer_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace bascule::store
