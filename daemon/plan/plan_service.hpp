#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "daemon/plan/kept_plans.hpp"
#include "daemon/plan/plan_run.hpp"
#include "directory/ports/clock.hpp"

namespace bascule::daemon {

/// Makes one plan at a time on a thread of its own and keeps its result until the next one. Its
/// files lie in the folder "<database>.plan", which is emptied at the start of the process; what
/// approvals need is in "<database>.plans".
/// Thread-safe.
class PlanService {
  public:
    /// `clock` and `scans` outlive it.
    PlanService(std::string database, directory::Clock& clock, ScanLeases& scans);
    /// Ends a plan in progress.
    ~PlanService();
    PlanService(const PlanService&) = delete;
    PlanService& operator=(const PlanService&) = delete;

    struct State {
        enum class Phase { none, running, done, failed };
        Phase phase = Phase::none;
        std::uint64_t number = 0;  ///< of the plan since the start of the process
        PlanProgress::State progress;
        std::shared_ptr<const PlanOutcome> outcome;  ///< when done
        Error error;                                 ///< when failed
    };

    /// Begins; returns the plan's number. `conflict`/"plan_running" while another one is made.
    [[nodiscard]] Result<std::uint64_t> start(PlanRequest request);
    [[nodiscard]] State state() const;
    /// Ends the plan in progress, if there is one; it fails with "stopped".
    void cancel();
    /// Ends the plan in progress and waits for it.
    void stop();

    /// A piece of the differences from byte `offset` on, as many whole lines as fit into a
    /// megabyte, one at least; empty at the end. `not_found`/"no_plan" when plan `number` is not
    /// the last one or not done.
    [[nodiscard]] Result<std::string> lines(std::uint64_t number, std::uint64_t offset) const;

    /// The last plans with something to approve.
    [[nodiscard]] const KeptPlans& kept() const { return kept_; }

  private:
    void run(const PlanRequest& request, const std::stop_token& stop);
    [[nodiscard]] std::string lines_path() const { return folder_ + "/differences.jsonl"; }

    const std::string database_;
    const std::string folder_;
    directory::Clock& clock_;
    ScanLeases& scans_;
    KeptPlans kept_;
    PlanProgress progress_;
    mutable std::mutex mutex_;
    State state_;
    std::jthread thread_;
};

}  // namespace bascule::daemon
