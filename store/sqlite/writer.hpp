#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/transaction_operations.hpp"

namespace bascule::store {

/// The one thread that writes. Jobs that wait together share one commit; each has a savepoint of
/// its own. Thread-safe.
class Writer {
  public:
    using Work = std::function<Status(TransactionOperations&)>;

    /// Of a `scratch` store nothing is waited for until it is on disk.
    Writer(
        std::unique_ptr<Connection> connection, const RegistryNumbers& numbers,
        const directory::Clock& clock, bool scratch
    );
    /// Finishes what waits.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Blocks until committed. Called from inside a job it is `internal`/"nested_write".
    [[nodiscard]] Status write(directory::Durability durability, Work work);
    /// The same without waiting; the queue is bounded, so this may block too.
    [[nodiscard]] std::future<Status> enqueue(directory::Durability durability, Work work);
    /// Runs `work` alone on the writer's connection, outside any transaction (bulk statements,
    /// pragmas).
    [[nodiscard]] std::future<Status> enqueue_exclusive(std::function<Status(Connection&)> work);

    [[nodiscard]] Time now() const { return clock_.now(); }
    [[nodiscard]] bool is_scratch() const { return scratch_; }
    [[nodiscard]] bool on_writer_thread() const {
        return std::this_thread::get_id() == thread_.get_id();
    }
    /// Pages in the write-ahead log as of the last commit.
    [[nodiscard]] std::uint32_t log_pages() const {
        return log_pages_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t checkpointed_pages() const {
        return checkpointed_.load(std::memory_order_relaxed);
    }
    void set_checkpointed_pages(std::uint32_t pages) {
        checkpointed_.store(pages, std::memory_order_relaxed);
    }

    [[nodiscard]] directory::JournalSignal& journal_signal() { return journal_signal_; }

    /// First row number of a running load, hidden from readers; nothing_hidden when none runs.
    std::atomic<std::int64_t> hidden_from{nothing_hidden};
    /// Set on the writer thread only.
    LoadedTerms* loaded_terms = nullptr;

  private:
    struct Job {
        directory::Durability durability = directory::Durability::full;
        Work work;
        std::function<Status(Connection&)> exclusive;
        std::promise<Status> done;
        Status result;
    };
    using Batch = std::vector<std::unique_ptr<Job>>;

    [[nodiscard]] std::future<Status> push(std::unique_ptr<Job> job);
    void loop();
    [[nodiscard]] Batch take();
    void run_exclusive(Job& job);
    void run_batch(Batch& batch);
    /// False when the whole transaction failed and nothing of it is in the store.
    [[nodiscard]] bool try_batch(std::span<std::unique_ptr<Job>> jobs, Status& failure);
    void run_job(Job& job);
    void set_full_sync(bool full);
    void announce_journal();
    void finish_checkpoint(bool idle);
    static int after_commit(void* self, sqlite3* handle, const char* name, int pages);

    std::unique_ptr<Connection> connection_;
    const RegistryNumbers& numbers_;
    const directory::Clock& clock_;
    directory::JournalSignal journal_signal_;
    const bool scratch_;
    bool syncs_fully_ = true;
    std::uint32_t finished_at_ = 0;  ///< pages in the log when it was last written back here
    std::atomic<std::uint32_t> log_pages_{0};
    std::atomic<std::uint32_t> checkpointed_{0};

    std::mutex mutex_;
    std::condition_variable work_waits_;
    std::condition_variable room_;
    std::deque<std::unique_ptr<Job>> queue_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace bascule::store
