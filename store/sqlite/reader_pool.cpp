#include "store/sqlite/reader_pool.hpp"

namespace bascule::store {

namespace {

constexpr int reader_cache_kib = 16 * 1024;

/// Ends the read transaction however the callback ends.
class Snapshot {
  public:
    explicit Snapshot(Connection& connection) : connection_(connection) {
        connection_.run("BEGIN");
    }
    ~Snapshot() {
        try {
            connection_.run("COMMIT");
        } catch (const SqliteError&) {
            sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

  private:
    Connection& connection_;
};

}  // namespace

std::unique_ptr<Connection> ReaderPool::borrow() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
    }
    return std::make_unique<Connection>(path_, OpenMode::read_only, reader_cache_kib);
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
}

Status ReaderPool::read(const std::function<Status(directory::Reader&)>& fn) {
    return guarded([&]() -> Status {
        auto connection = borrow();
        Status status;
        {
            // Read before the snapshot is taken: rows of a load that ended since are hidden once
            // more, never shown half.
            ReadOperations operations(*connection, numbers_);
            operations.hide_from(writer_.hidden_from.load());
            const Snapshot snapshot(*connection);
            SqliteReader reader(operations);
            status = fn(reader);
        }
        give_back(std::move(connection));
        return status;
    });
}

}  // namespace bascule::store
