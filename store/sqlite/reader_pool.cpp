#include "store/sqlite/reader_pool.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "store/sqlite/value_scan.hpp"

namespace bascule::store {

namespace {

constexpr int reader_cache_kib = 16 * 1024;
// Each keeps a connection and holds back the checkpoint.
constexpr std::size_t most_snapshots = 32;

/// Ends the read transaction however the callback ends.
class ReadTransaction {
  public:
    explicit ReadTransaction(Connection& connection) : connection_(connection) {
        connection_.run("BEGIN");
    }
    ~ReadTransaction() {
        try {
            connection_.run("COMMIT");
        } catch (const SqliteError&) {
            sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;

  private:
    Connection& connection_;
};

}  // namespace

class ReaderPool::OpenSnapshot final : public directory::Snapshot {
  public:
    explicit OpenSnapshot(ReaderPool& pool)
        : pool_(pool),
          borrowed_(pool.borrow()),
          reader_(make_operations(pool, borrowed_)),
          transaction_(std::in_place, *borrowed_.connection) {
        // A read transaction sees what is there at its first read.
        (void)borrowed_.connection->number("SELECT 1 FROM sqlite_schema LIMIT 1");
    }
    ~OpenSnapshot() override {
        transaction_.reset();
        pool_.give_back(std::move(borrowed_));
        const std::lock_guard lock(pool_.mutex_);
        --pool_.open_snapshots_;
    }
    OpenSnapshot(const OpenSnapshot&) = delete;
    OpenSnapshot& operator=(const OpenSnapshot&) = delete;

    directory::Reader& reader() override { return reader_; }

  private:
    static ReadOperations make_operations(const ReaderPool& pool, const Borrowed& borrowed) {
        ReadOperations operations(*borrowed.connection, pool.numbers_);
        operations.remember_in(*borrowed.above);
        operations.hide_from(pool.writer_.hidden_from.load());
        return operations;
    }

    ReaderPool& pool_;
    Borrowed borrowed_;
    SqliteReader reader_;
    std::optional<ReadTransaction> transaction_;
};

Result<std::unique_ptr<directory::Snapshot>> ReaderPool::open_snapshot() {
    {
        const std::lock_guard lock(mutex_);
        if (open_snapshots_ >= most_snapshots) {
            Error error{
                ErrorKind::unavailable,
                "too_many_snapshots",
                "Too many long answers are being sent at the moment; ask again shortly.",
                {},
                {},
                {}};
            error.retry_after = std::chrono::seconds(2);
            return fail(std::move(error));
        }
        ++open_snapshots_;
    }
    auto opened = guarded([&]() -> Result<std::unique_ptr<directory::Snapshot>> {
        return std::make_unique<OpenSnapshot>(*this);
    });
    if (!opened) {
        const std::lock_guard lock(mutex_);
        --open_snapshots_;
    }
    return opened;
}

ReaderPool::Borrowed ReaderPool::borrow() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto borrowed = std::move(idle_.back());
            idle_.pop_back();
            return borrowed;
        }
    }
    auto connection = std::make_unique<Connection>(path_, OpenMode::read_only, reader_cache_kib);
    register_value_scan(*connection);
    return {std::move(connection), std::make_unique<AboveCache>()};
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
            const ReadTransaction transaction(*borrowed.connection);
            SqliteReader reader(operations);
            status = fn(reader);
        }
        give_back(std::move(borrowed));
        return status;
    });
}

}  // namespace bascule::store
