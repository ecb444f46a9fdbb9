#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/metrics.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "selfservice/signins/session_service.hpp"

namespace bascule::daemon {

/// Removes what has been kept long enough: deleted objects, old journal records, sessions that are
/// over and idempotency keys. A minute after its start and then every hour by the clock, on a
/// thread of its own, in batches so small that no writer waits long.
class Housekeeping {
  public:
    /// What the configuration of the moment asks for.
    struct Plan {
        std::chrono::milliseconds retain_deleted{};
        std::chrono::milliseconds retain_journal{};
        std::shared_ptr<selfservice::SessionService> sessions;
    };
    struct Timing {
        std::chrono::milliseconds first{std::chrono::minutes{1}};
        std::chrono::milliseconds interval{std::chrono::hours{1}};
        /// How often the thread looks at the clock.
        std::chrono::milliseconds look{std::chrono::seconds{1}};
    };

    /// Starts at once; everything outlives it.
    Housekeeping(
        directory::Store& store, const directory::Clock& clock, Metrics& metrics,
        std::function<Plan()> current, Timing timing
    );
    /// Ends after the batch in progress.
    ~Housekeeping();
    Housekeeping(const Housekeeping&) = delete;
    Housekeeping& operator=(const Housekeeping&) = delete;

  private:
    using Batch = std::function<Result<std::uint64_t>(directory::Transaction&)>;

    void run(std::stop_token stop);
    [[nodiscard]] Status clean(const Plan& plan, const std::stop_token& stop);
    [[nodiscard]] Status trim_journal(Time horizon, const std::stop_token& stop);
    [[nodiscard]] Status remove_all(
        std::string_view kind, const Batch& batch, const std::stop_token& stop,
        std::uint64_t& removed
    );

    directory::Store& store_;
    const directory::Clock& clock_;
    Metrics& metrics_;
    const std::function<Plan()> current_;
    const Timing timing_;
    Time next_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  ///< last: ends before what it uses
};

}  // namespace bascule::daemon
