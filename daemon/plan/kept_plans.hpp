#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/plan/plan_run.hpp"
#include "directory/base/time.hpp"

namespace bascule::daemon {

/// What approving a plan needs to know of it.
struct KeptPlan {
    std::string hash;
    Time made;
    std::vector<PlannedHold> holds;
};

/// The last plans that would hold something, in a file beside the database, so that an approval can
/// be bound to what was shown, also after a restart. Thread-safe.
class KeptPlans {
  public:
    explicit KeptPlans(std::string path) : path_(std::move(path)) {}

    /// Keeps it as the newest one; the eleventh is forgotten. Does nothing when nothing is held.
    [[nodiscard]] Status keep(const PlanOutcome& outcome, Time now);
    /// Newest first. A file that cannot be read holds none.
    [[nodiscard]] std::vector<KeptPlan> all() const;
    /// The newest whose name begins so; four characters at least.
    [[nodiscard]] std::optional<KeptPlan> find(std::string_view name) const;

  private:
    [[nodiscard]] std::vector<KeptPlan> read() const;

    const std::string path_;
    mutable std::mutex mutex_;
};

}  // namespace bascule::daemon
