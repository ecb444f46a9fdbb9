#include "store/sqlite/checkpoint.hpp"

#include <chrono>

#include "store/sqlite/writer.hpp"

namespace bascule::store {

namespace {

constexpr std::chrono::milliseconds usual_pause{50};
constexpr std::chrono::milliseconds short_pause{1};

}  // namespace

std::optional<std::uint32_t> checkpoint(sqlite3* handle) {
    int pages = -1;
    int done = -1;
    sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
    return done < 0 ? std::nullopt : std::optional(static_cast<std::uint32_t>(done));
}

void sync_database(sqlite3* handle) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file != nullptr && file->pMethods != nullptr) {
        file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
    }
}

Checkpointer::Checkpointer(std::unique_ptr<Connection> connection, Writer& writer)
    : connection_(std::move(connection)), writer_(writer), thread_([this] { loop(); }) {}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Checkpointer::loop() {
    std::unique_lock lock(mutex_);
    auto pause = usual_pause;
    while (!wake_.wait_for(lock, pause, [&] { return stopping_; })) {
        lock.unlock();
        pause = write_back();
        lock.lock();
    }
}

std::chrono::milliseconds Checkpointer::write_back() {
    const auto pages = writer_.log_pages();
    const auto before = writer_.checkpointed_pages();
    if (pages <= checkpoint_from_pages || before >= pages) {
        return usual_pause;
    }
    const auto done = checkpoint(connection_->handle());
    if (!done) {
        return short_pause;
    }
    writer_.set_checkpointed_pages(*done);
    // The writer shall find little that is not on disk yet when it finishes.
    if (*done > before + checkpoint_small_rest && !writer_.is_scratch()) {
        sync_database(connection_->handle());
    }
    const bool closing_in = writer_.log_pages() > checkpoint_finish_pages &&
                            writer_.log_pages() > *done + checkpoint_small_rest;
    return closing_in ? short_pause : usual_pause;
}

}  // namespace bascule::store
