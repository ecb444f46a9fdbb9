#include "store/sqlite/sqlite_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/load_state.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_loader.hpp"
#include "store/sqlite/value_backfill.hpp"
#include "store/sqlite/value_scan.hpp"
#include "store/sqlite/writer.hpp"

namespace bascule::store {

using namespace directory;

namespace {

constexpr int writer_cache_kib = 64 * 1024;
constexpr int checkpoint_cache_kib = 256;

void forget_order(Connection& connection) {
    connection.script("PRAGMA synchronous=OFF");
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

std::unique_ptr<Connection> open_checkpointer(const SqliteOptions& options) {
    auto connection =
        std::make_unique<Connection>(options.path, OpenMode::read_write, checkpoint_cache_kib);
    if (options.scratch) {
        forget_order(*connection);
    }
    return connection;
}

class SqliteStore final : public Store {
  public:
    SqliteStore(
        const SqliteOptions& options, std::unique_ptr<Connection> connection,
        RegistryNumbers numbers, const Clock& clock
    )
        : numbers_(std::move(numbers)),
          writer_(std::move(connection), numbers_, clock, options.scratch),
          checkpointer_(open_checkpointer(options), writer_),
          readers_(options.path, numbers_, writer_),
          path_(options.path) {}

    Status read(const std::function<Status(Reader&)>& fn) override { return readers_.read(fn); }

    Result<std::unique_ptr<Snapshot>> open_snapshot() override { return readers_.open_snapshot(); }

    Status write(Durability durability, const std::function<Status(Transaction&)>& fn) override {
        return writer_.write(durability, [&fn](TransactionOperations& operations) {
            SqliteTransaction transaction(operations);
            return fn(transaction);
        });
    }

    Result<SourceId> register_source(std::string_view name) override;
    Result<std::unique_ptr<Loader>> begin_load(std::string_view source) override;
    const Registry& registry() const override { return numbers_.registry(); }
    Status take_up_registry() override;
    JournalSignal& journal_signal() override { return writer_.journal_signal(); }

  private:
    RegistryNumbers numbers_;
    Writer writer_;
    Checkpointer checkpointer_;
    ReaderPool readers_;
    std::string path_;
};

Result<SourceId> SqliteStore::register_source(std::string_view name) {
    std::int64_t number = 0;
    BASCULE_CHECK(writer_.write(Durability::full, [&](TransactionOperations& operations) -> Status {
        auto& connection = operations.reads().connection();
        connection.run(
            "INSERT INTO "
            "source(name,cookie,fingerprint,mapping_fingerprint,phase,held_plan,last_change) "
            "VALUES(?,x'','','','new','',0) ON CONFLICT(name) DO NOTHING",
            name
        );
        number = connection.number("SELECT number FROM source WHERE name=?", name).value_or(0);
        return {};
    }));
    return static_cast<SourceId>(number);
}

Result<std::unique_ptr<Loader>> SqliteStore::begin_load(std::string_view source) {
    return SqliteLoader::begin(writer_, numbers_, path_, source);
}

Status SqliteStore::take_up_registry() {
    const auto take_up = [this](Connection& connection) -> Status {
        connection.run("BEGIN IMMEDIATE");
        BASCULE_CHECK(numbers_.take_up(connection));
        connection.run("COMMIT");
        numbers_.publish();
        return {};
    };
    return writer_.enqueue_exclusive(take_up).get();
}

/// Makes the file before SQLite does, so that nobody else can ever read it.
Status make_private_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor < 0) {
        return fail(Error{
            ErrorKind::unavailable,
            "store_unusable",
            fmt::format(
                "The store {} cannot be opened: {}. Check that the folder exists and may be "
                "written.",
                path, std::strerror(errno)
            ),
            {},
            {},
            {}});
    }
    ::fchmod(descriptor, S_IRUSR | S_IWUSR);
    ::close(descriptor);
    return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(
    const SqliteOptions& options, const Registry& registry, const Clock& clock
) {
    BASCULE_CHECK(make_private_file(options.path));
    return guarded([&]() -> Result<std::unique_ptr<Store>> {
        auto connection =
            std::make_unique<Connection>(options.path, OpenMode::create, writer_cache_kib);
        connection->script(
            "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA "
            "journal_size_limit=134217728;"
        );
        if (options.scratch) {
            forget_order(*connection);
            // What a savepoint may have to restore is kept in memory otherwise, in a list that
            // every statement with a trigger walks from its start.
            connection->script("PRAGMA temp_store=FILE");
        }
        BASCULE_CHECK(migrate(*connection));
        remove_unfinished_load(*connection);
        connection->run("BEGIN IMMEDIATE");
        BASCULE_TRY(auto numbers, RegistryNumbers::open(*connection, registry));
        fill_value_blocks(*connection, numbers);
        connection->run("COMMIT");
        register_value_scan(*connection);
        return std::make_unique<SqliteStore>(
            options, std::move(connection), std::move(numbers), clock
        );
    });
}

}  // namespace bascule::store
