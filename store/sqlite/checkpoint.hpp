#pragma once

#include <sqlite3.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite/connection.hpp"

namespace bascule::store {

class Writer;

/// Pages of 8 KiB: from 8 MiB on the log is written back beside the writes, above 512 MiB the
/// writer does it itself.
inline constexpr std::uint32_t checkpoint_from_pages = 1024;
inline constexpr std::uint32_t checkpoint_hard_pages = 65536;

struct CheckpointResult {
    std::uint32_t pages = 0;         ///< in the log
    std::uint32_t checkpointed = 0;  ///< of these in the database file
};

/// Writes back what no reader hinders, without waiting for anybody.
CheckpointResult checkpoint(sqlite3* handle);

/// Writes the log back in a thread of its own every 50 ms, so that commits do not pay for it.
class Checkpointer {
  public:
    Checkpointer(std::unique_ptr<Connection> connection, Writer& writer);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

  private:
    void loop();

    std::unique_ptr<Connection> connection_;
    Writer& writer_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace bascule::store
