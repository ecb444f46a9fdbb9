#include "scim/service/bulk_run.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/service/change_record.hpp"
#include "scim/service/object_change.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::scim {
namespace {

using directory::Durability;
using directory::Transaction;

/// Operations that share a transaction. Other writers wait for no more than these.
constexpr std::size_t chunk_size = 50;
/// After so many attempts every operation of the chunk that links to a later one is given up.
constexpr int most_attempts = 4;

constexpr std::string_view rolled_back = "bulk_rolled_back";

Error failed_reference(const PlannedOperation& post) {
    return Error{
        ErrorKind::conflict,
        "failed_reference",
        "It refers to bulkId '" + printable(post.sent->bulk_id, 64) +
            "', and that operation did not succeed.",
        {},
        {}};
}

/// A stretch of the order of execution whose links to later operations stay inside it.
struct Chunk {
    std::size_t begin = 0;
    std::size_t end = 0;
};

class Runner {
  public:
    Runner(const Engine& engine, BulkPlan& plan, const BulkMode& mode)
        : engine_(engine),
          plan_(plan),
          mode_(mode),
          outcomes_(plan.operations.size()),
          given_up_(plan.operations.size(), nullptr),
          place_(plan.operations.size()) {
        for (std::size_t i = 0; i < plan_.order.size(); ++i) {
            place_[plan_.order[i]] = i;
        }
    }

    std::vector<BulkOutcome> run() {
        for (Chunk chunk = next_chunk(0); chunk.begin != chunk.end && !is_over();
             chunk = next_chunk(chunk.end)) {
            run_chunk(chunk);
        }
        return std::move(outcomes_);
    }

  private:
    /// What one attempt at a chunk leaves to do.
    enum class Verdict { complete, reference_failed, password_waits };

    [[nodiscard]] PlannedOperation& at(std::size_t place) const {
        return *plan_.operations[plan_.order[place]];
    }
    [[nodiscard]] bool is_over() const { return errors_ >= mode_.fail_on_errors; }

    /// A dry run is one transaction: what comes later must see what will be undone.
    [[nodiscard]] Chunk next_chunk(std::size_t begin) const {
        Chunk chunk{begin, begin};
        std::size_t furthest = 0;
        while (chunk.end < plan_.order.size()) {
            const bool is_full = chunk.end - begin >= chunk_size && !mode_.dry_run;
            if (is_full && furthest < chunk.end) {
                break;
            }
            for (const std::size_t post : at(chunk.end).names) {
                furthest = std::max(furthest, place_[post]);
            }
            ++chunk.end;
        }
        return chunk;
    }

    void run_chunk(const Chunk& chunk) {
        const std::size_t errors_before = errors_;
        Verdict verdict = Verdict::complete;
        Status written;
        int attempts = 0;
        do {
            const auto transact = [&](Transaction& transaction) -> Status {
                errors_ = errors_before;
                BASCULE_TRY(verdict, attempt(chunk, transaction));
                return verdict == Verdict::complete && !mode_.dry_run
                           ? Status{}
                           : fail(ErrorKind::internal, std::string(rolled_back), "Rolled back.");
            };
            written = engine_.with.store.write(
                mode_.dry_run ? Durability::repeatable : Durability::full, transact
            );
            const bool mine = !written && written.error().code == rolled_back;
            if (!written && !mine) {
                fail_all(chunk, written.error());
                return;
            }
            prepare_next(chunk, verdict, ++attempts);
        } while (verdict != Verdict::complete);
    }

    /// Runs the operations of a chunk; an error is the store's.
    [[nodiscard]] Result<Verdict> attempt(const Chunk& chunk, Transaction& transaction) {
        for (std::size_t place = chunk.begin; place < chunk.end; ++place) {
            outcomes_[plan_.order[place]] = {};
        }
        for (std::size_t place = chunk.begin; place < chunk.end && !is_over(); ++place) {
            const std::size_t index = plan_.order[place];
            outcomes_[index].was_run = true;
            if (auto done = run_one(index, transaction); !done) {
                outcomes_[index].error = done.error();
                ++errors_;
                BASCULE_CHECK(note_refusal(*plan_.operations[index], done.error(), transaction));
            }
        }
        return judge(chunk);
    }

    [[nodiscard]] Status run_one(std::size_t index, Transaction& transaction) {
        PlannedOperation& operation = *plan_.operations[index];
        if (operation.refusal) {
            return fail(*operation.refusal);
        }
        if (given_up_[index] != nullptr) {
            return fail(failed_reference(*given_up_[index]));
        }
        BASCULE_CHECK(check_references(operation));
        return transaction.nested([&](Transaction& inner) -> Status {
            for (const std::size_t post : operation.names) {
                if (!outcomes_[post].was_run || post == index) {
                    const PlannedOperation& later = *plan_.operations[post];
                    BASCULE_CHECK(ObjectChange::reserve(inner, *later.view, *later.new_id));
                }
            }
            BASCULE_CHECK(operation.write->apply(inner));
            return note_success(operation, outcomes_[index], inner);
        });
    }

    [[nodiscard]] Status check_references(const PlannedOperation& operation) const {
        for (const std::size_t post : operation.needs) {
            if (!outcomes_[post].was_run || outcomes_[post].error) {
                return fail(failed_reference(*plan_.operations[post]));
            }
        }
        for (const std::size_t post : operation.names) {
            if (outcomes_[post].error || plan_.operations[post]->refusal) {
                return fail(failed_reference(*plan_.operations[post]));
            }
        }
        return {};
    }

    [[nodiscard]] static Status note_success(
        const PlannedOperation& operation, BulkOutcome& outcome, Transaction& transaction
    ) {
        const ResourceWrite& write = *operation.write;
        outcome.status = write.status();
        outcome.version = write.version();
        if (write.representation() == PreferredReturn::representation && write.shows_resource()) {
            BASCULE_TRY(http::Response answer, write.answer(transaction));
            outcome.resource = std::move(answer.body);
        }
        return {};
    }

    [[nodiscard]] Status note_refusal(
        const PlannedOperation& operation, const Error& error, Transaction& transaction
    ) const {
        if (!is_refusal(error) || !operation.call) {
            return {};
        }
        return append_refusal(transaction, *operation.view, *operation.call, error);
    }

    [[nodiscard]] Verdict judge(const Chunk& chunk) const {
        Verdict verdict = Verdict::complete;
        for (std::size_t place = chunk.begin; place < chunk.end; ++place) {
            const PlannedOperation& operation = at(place);
            if (operation.write != nullptr && operation.write->needs_hash()) {
                return Verdict::password_waits;
            }
            if (failed_name(plan_.order[place]) != nullptr) {
                verdict = Verdict::reference_failed;
            }
        }
        return verdict;
    }

    /// The POST that a successful operation links to and that is not there after all.
    [[nodiscard]] const PlannedOperation* failed_name(std::size_t index) const {
        const BulkOutcome& outcome = outcomes_[index];
        if (!outcome.was_run || outcome.error) {
            return nullptr;
        }
        for (const std::size_t post : plan_.operations[index]->names) {
            if (!outcomes_[post].was_run || outcomes_[post].error) {
                return plan_.operations[post].get();
            }
        }
        return nullptr;
    }

    void prepare_next(const Chunk& chunk, Verdict verdict, int attempts) {
        for (std::size_t place = chunk.begin; place < chunk.end; ++place) {
            const std::size_t index = plan_.order[place];
            PlannedOperation& operation = at(place);
            if (verdict == Verdict::password_waits && operation.write != nullptr &&
                operation.write->needs_hash()) {
                operation.write->hash_password();
            }
            if (verdict == Verdict::reference_failed) {
                give_up(index, place, attempts);
            }
        }
    }

    void give_up(std::size_t index, std::size_t place, int attempts) {
        if (const PlannedOperation* post = failed_name(index)) {
            given_up_[index] = post;
        }
        if (attempts < most_attempts) {
            return;
        }
        for (const std::size_t post : plan_.operations[index]->names) {
            if (place_[post] > place) {
                given_up_[index] = plan_.operations[post].get();
            }
        }
    }

    void fail_all(const Chunk& chunk, const Error& error) {
        for (std::size_t place = chunk.begin; place < chunk.end; ++place) {
            BulkOutcome& outcome = outcomes_[plan_.order[place]];
            outcome = {};
            outcome.was_run = true;
            outcome.error = error;
        }
        errors_ += chunk.end - chunk.begin;
    }

    const Engine& engine_;
    BulkPlan& plan_;
    BulkMode mode_;
    std::vector<BulkOutcome> outcomes_;
    /// Per operation: the POST whose failure makes it fail, found out in an attempt before.
    std::vector<const PlannedOperation*> given_up_;
    std::vector<std::size_t> place_;  ///< in the order of execution
    std::size_t errors_ = 0;
};

}  // namespace

std::vector<BulkOutcome> run_bulk(const Engine& engine, BulkPlan& plan, const BulkMode& mode) {
    return Runner(engine, plan, mode).run();
}

}  // namespace bascule::scim
