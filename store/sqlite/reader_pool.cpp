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

ReaderPool::Borrowed ReaderPool::borrow() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto borrowed = std::move(idle_.back());
            idle_.pop_back();
            return borrowed;
        }
    }
    return {
        std::make_unique<Connection>(path_, OpenMode::read_only, reader_cache_kib),
        std::make_unique<AboveCache>()};
}

void ReaderPool::give_back(Borrowed borrowed) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(borrowed));
}

Status ReaderPool::read(const std::function<Status(directory::Reader&)>& fn) {
    return guarded([&]() -> Status {
        auto borrowed = borrow();
        Status status;
        {
            // Read before the snapshot is taken: rows of a load that ended since are hidden once
            // more, never shown half.
            ReadOperations operations(*borrowed.connection, numbers_);
            operations.remember_in(*borrowed.above);
            operations.hide_from(writer_.hidden_from.load());
            const Snapshot snapshot(*borrowed.connection);
            SqliteReader reader(operations);
            status = fn(reader);
        }
        give_back(std::move(borrowed));
        return status;
    });
}

}  // namespace bascule::store
