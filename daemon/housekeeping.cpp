#include "daemon/housekeeping.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/log.hpp"
#include "selfservice/staff/idempotency_keys.hpp"

namespace bascule::daemon {
namespace {

constexpr std::size_t batch_size = 500;

directory::JournalRecord trim_record(std::uint64_t removed, Time horizon) {
    directory::JournalRecord record;
    record.actor.name = "housekeeping";
    record.origin = "Housekeeping";
    record.activity = "Trim audit log";
    record.details.emplace_back("count", std::to_string(removed));
    record.details.emplace_back("before", format_time(horizon));
    return record;
}

}  // namespace

Housekeeping::Housekeeping(
    directory::Store& store, const directory::Clock& clock, Metrics& metrics,
    std::function<Plan()> current, Timing timing
)
    : store_(store),
      clock_(clock),
      metrics_(metrics),
      current_(std::move(current)),
      timing_(timing),
      next_(clock.now() + timing.first),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Housekeeping::~Housekeeping() = default;

void Housekeeping::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        const Time now = clock_.now();
        if (now >= next_) {
            const Status outcome = clean(current_(), stop);
            metrics_.housekept(outcome.has_value(), now);
            if (!outcome) {
                log::error(
                    "housekeeping_failed", outcome.error().detail, {{"code", outcome.error().code}}
                );
            }
            next_ = now + timing_.interval;
        }
        // A clock that was set back must not put the next run off for long.
        next_ = std::min(next_, now + timing_.interval);
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, timing_.look, [] { return false; });
    }
}

Status Housekeeping::remove_all(
    std::string_view kind, const Batch& batch, const std::stop_token& stop, std::uint64_t& removed
) {
    std::uint64_t count = batch_size;
    while (count == batch_size && !stop.stop_requested()) {
        BASCULE_CHECK(store_.write(
            directory::Durability::repeatable,
            [&](directory::Transaction& transaction) -> Status {
                BASCULE_TRY(count, batch(transaction));
                return {};
            }
        ));
        removed += count;
        metrics_.removed(kind, count);
    }
    return {};
}

Status Housekeeping::trim_journal(Time horizon, const std::stop_token& stop) {
    std::uint64_t trimmed = 0;
    const Status outcome = remove_all(
        "journal_records",
        [&](directory::Transaction& transaction) {
            return transaction.trim_journal(horizon, batch_size);
        },
        stop, trimmed
    );
    if (trimmed > 0) {
        BASCULE_CHECK(store_.write(
            directory::Durability::full,
            [&](directory::Transaction& transaction) {
                return transaction.append(trim_record(trimmed, horizon));
            }
        ));
    }
    return outcome;
}

Status Housekeeping::clean(const Plan& plan, const std::stop_token& stop) {
    const Time now = clock_.now();
    const directory::TypeId keys = store_.registry().type("IdempotencyKey");
    std::uint64_t removed = 0;
    BASCULE_CHECK(remove_all(
        "sessions",
        [&](directory::Transaction& transaction) {
            return plan.sessions->sweep(transaction, batch_size);
        },
        stop, removed
    ));
    BASCULE_CHECK(remove_all(
        "idempotency_keys",
        [&](directory::Transaction& transaction) {
            return selfservice::forget_old_keys(transaction, keys, batch_size);
        },
        stop, removed
    ));
    BASCULE_CHECK(remove_all(
        "deleted_objects",
        [&](directory::Transaction& transaction) {
            return transaction.purge(now - plan.retain_deleted, batch_size);
        },
        stop, removed
    ));
    return trim_journal(now - plan.retain_journal, stop);
}

}  // namespace bascule::daemon
