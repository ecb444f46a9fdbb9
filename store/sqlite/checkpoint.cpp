#include "store/sqlite/checkpoint.hpp"

#include <chrono>

#include "store/sqlite/writer.hpp"

namespace bascule::store {

CheckpointResult checkpoint(sqlite3* handle) {
    int pages = 0;
    int done = 0;
    sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
    return {
        static_cast<std::uint32_t>(pages < 0 ? 0 : pages),
        static_cast<std::uint32_t>(done < 0 ? 0 : done)};
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
    while (!wake_.wait_for(lock, std::chrono::milliseconds(50), [&] { return stopping_; })) {
        lock.unlock();
        const bool loading = writer_.hidden_from.load(std::memory_order_relaxed) != nothing_hidden;
        const auto pages = writer_.log_pages();
        // A load rewrites the same pages many times; its log is written back at the hard limit
        // only.
        if (!loading && pages > checkpoint_from_pages && writer_.checkpointed_pages() < pages) {
            writer_.set_checkpointed_pages(checkpoint(connection_->handle()).checkpointed);
        }
        lock.lock();
    }
}

}  // namespace bascule::store
