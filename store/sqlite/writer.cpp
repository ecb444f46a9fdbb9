#include "store/sqlite/writer.hpp"

#include <algorithm>
#include <chrono>
#include <span>

#include "directory/base/log.hpp"
#include "store/sqlite/checkpoint.hpp"
#include "store/sqlite/port_classes.hpp"

namespace bascule::store {

using directory::Durability;

namespace {

constexpr std::size_t largest_batch = 64;
constexpr std::size_t queue_capacity = 1024;
constexpr std::chrono::milliseconds idle_time{50};

Error transaction_lost() {
    return Error{
        ErrorKind::internal,
        "store_failed",
        "The store could not carry this out.",
        {},
        "transaction was rolled back",
        {}};
}

}  // namespace

Writer::Writer(
    std::unique_ptr<Connection> connection, const RegistryNumbers& numbers,
    const directory::Clock& clock, bool scratch
)
    : connection_(std::move(connection)), numbers_(numbers), clock_(clock), scratch_(scratch) {
    sqlite3_wal_hook(connection_->handle(), &Writer::after_commit, this);
    thread_ = std::thread([this] { loop(); });
}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_waits_.notify_all();
    thread_.join();
}

int Writer::after_commit(void* self, sqlite3*, const char*, int pages) {
    auto& writer = *static_cast<Writer*>(self);
    const auto now = static_cast<std::uint32_t>(pages);
    if (now < writer.log_pages()) {  // the log started over
        writer.set_checkpointed_pages(0);
    }
    writer.log_pages_.store(now, std::memory_order_relaxed);
    return SQLITE_OK;
}

Status Writer::write(Durability durability, Work work) {
    if (on_writer_thread()) {
        return fail(
            ErrorKind::internal, "nested_write",
            "A write was started inside a write; this is a programming error."
        );
    }
    return enqueue(durability, std::move(work)).get();
}

std::future<Status> Writer::enqueue(Durability durability, Work work) {
    auto job = std::make_unique<Job>();
    job->durability = durability;
    job->work = std::move(work);
    return push(std::move(job));
}

std::future<Status> Writer::enqueue_exclusive(std::function<Status(Connection&)> work) {
    auto job = std::make_unique<Job>();
    job->exclusive = std::move(work);
    return push(std::move(job));
}

std::future<Status> Writer::push(std::unique_ptr<Job> job) {
    auto future = job->done.get_future();
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return queue_.size() < queue_capacity; });
        queue_.push_back(std::move(job));
    }
    work_waits_.notify_one();
    return future;
}

Writer::Batch Writer::take() {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return !queue_.empty() || stopping_; };
    while (!work_waits_.wait_for(lock, idle_time, ready)) {
        lock.unlock();
        finish_checkpoint(true);
        lock.lock();
    }
    Batch batch;
    while (!queue_.empty() && batch.size() < largest_batch) {
        const bool exclusive = static_cast<bool>(queue_.front()->exclusive);
        if (exclusive && !batch.empty()) {
            break;
        }
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
        if (exclusive) {
            break;
        }
    }
    lock.unlock();
    room_.notify_all();
    return batch;
}

void Writer::loop() {
    for (auto batch = take(); !batch.empty(); batch = take()) {
        if (batch.front()->exclusive) {
            run_exclusive(*batch.front());
        } else {
            run_batch(batch);
        }
        announce_journal();
        for (auto& job : batch) {
            job->done.set_value(std::move(job->result));
        }
        finish_checkpoint(false);
    }
}

void Writer::run_exclusive(Job& job) {
    job.result = guarded([&] {
        set_full_sync(false);
        return job.exclusive(*connection_);
    });
    if (connection_->in_transaction()) {
        sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void Writer::run_batch(Batch& batch) {
    Status failure;
    if (try_batch(batch, failure)) {
        return;
    }
    if (batch.size() == 1) {
        batch.front()->result = std::move(failure);
        return;
    }
    // Who broke the commit is not known: each gets one of its own.
    for (auto& job : batch) {
        Status own;
        if (!try_batch({&job, 1}, own)) {
            job->result = std::move(own);
        }
    }
}

void Writer::set_full_sync(bool full) {
    if (full != syncs_fully_ && !scratch_) {  // takes effect outside transactions only
        connection_->script(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        syncs_fully_ = full;
    }
}

bool Writer::try_batch(std::span<std::unique_ptr<Job>> jobs, Status& failure) {
    try {
        set_full_sync(std::any_of(jobs.begin(), jobs.end(), [](const auto& job) {
            return job->durability == Durability::full;
        }));
        connection_->run("BEGIN IMMEDIATE");
        for (auto& job : jobs) {
            run_job(*job);
            if (!connection_->in_transaction()) {  // SQLite gave the whole transaction up
                failure = job->result ? fail(transaction_lost()) : job->result;
                return false;
            }
        }
        connection_->run("COMMIT");
        return true;
    } catch (const SqliteError& error) {
        failure = fail(error.to_error());
    }
    if (connection_->in_transaction()) {
        sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    return false;
}

void Writer::run_job(Job& job) {
    connection_->run("SAVEPOINT job");
    TransactionOperations operations(*connection_, numbers_, clock_.now(), loaded_terms);
    operations.reads().hide_from(hidden_from.load(std::memory_order_relaxed));
    try {
        job.result = job.work(operations);
        if (job.result) {
            operations.flush();
        }
    } catch (const SqliteError& error) {
        job.result = fail(error.to_error());
    } catch (const std::exception& error) {
        job.result = fail(Error{
            ErrorKind::internal, "exception", "The change failed inside.", {}, error.what(), {}});
    } catch (...) {
        job.result = fail(ErrorKind::internal, "exception", "The change failed inside.");
    }
    if (!connection_->in_transaction()) {
        return;
    }
    if (!job.result) {
        connection_->run("ROLLBACK TO job");
    }
    connection_->run("RELEASE job");
}

void Writer::announce_journal() {
    const Status read = guarded([&]() -> Status {
        journal_signal_.announce(
            connection_->number("SELECT coalesce(max(seq),0) FROM journal").value_or(0)
        );
        return {};
    });
    static_cast<void>(read);  // who waits looks again by itself
}

void Writer::finish_checkpoint(bool idle) {
    const auto pages = log_pages();
    const auto done = checkpointed_pages();
    if (done >= pages) {
        return;
    }
    // Where a reader keeps the log from starting over, finishing again at once would not help.
    const bool again = pages >= finished_at_ && pages < finished_at_ + checkpoint_finish_pages;
    const bool small_rest =
        pages > checkpoint_finish_pages && pages - done <= checkpoint_small_rest && !again;
    const bool quiet = idle && pages > checkpoint_from_pages;
    if (pages > checkpoint_hard_pages || small_rest || quiet) {
        set_checkpointed_pages(checkpoint(connection_->handle()).value_or(done));
        finished_at_ = pages;
    }
}

}  // namespace bascule::store
