#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/core.hpp"
#include "directory/mirror/drift_audit.hpp"
#include "directory/mirror/source_runner.hpp"

namespace bascule::daemon {

/// When a source is compared with its directory.
struct AuditSchedule {
    /// Minutes after midnight, local time; nothing: not daily.
    std::optional<int> at;
    std::chrono::milliseconds every{0};  ///< 0: not at intervals

    /// The next time after `now`; nothing when it never is.
    [[nodiscard]] std::optional<Time> next_after(Time now) const;
};

/// "02:30" as minutes after midnight; nothing when it is no such text.
[[nodiscard]] std::optional<int> parse_time_of_day(const std::string& text);

/// Compares sources with their directories, one at a time, by schedule and when somebody asks. Each
/// report is kept in the journal ("Audit mirror"), signed with a key of the installation.
/// Thread-safe.
class DriftAuditor {
  public:
    /// One source; what it refers to outlives the auditor.
    struct Subject {
        std::string name;
        mirror::SourceRunner* runner = nullptr;
        directory::EntryInspector* inspector = nullptr;
        std::vector<std::string> servers;  ///< for ScanLeases
        AuditSchedule schedule;
        mirror::DriftAudit::Timing timing;
    };
    DriftAuditor(Core& core, std::vector<Subject> subjects);
    /// Ends a run in progress.
    ~DriftAuditor();
    DriftAuditor(const DriftAuditor&) = delete;
    DriftAuditor& operator=(const DriftAuditor&) = delete;

    void start();
    void stop();
    /// Compares it as soon as no other comparison runs; false when there is no such source.
    [[nodiscard]] bool request(const std::string& source);

    /// What is known of a source's comparisons.
    struct State {
        std::string source;
        bool running = false;      ///< or about to
        bool waiting = false;      ///< for another reading of the source's servers
        std::uint64_t listed = 0;  ///< by the run in progress
        std::optional<Time> next;
        std::optional<mirror::DriftReport> last;
        std::string signature;  ///< of the last report
        bool signature_valid = false;
        std::string refused;  ///< why the last attempt did not begin; empty when it did
    };
    [[nodiscard]] std::vector<State> states() const;

  private:
    struct Entry;
    void run(const std::stop_token& stop);
    void audit(Entry& entry, const std::stop_token& stop);
    [[nodiscard]] Entry* due();
    [[nodiscard]] Status keep(const mirror::DriftReport& report, const std::string& signature);
    [[nodiscard]] std::string sign(const mirror::DriftReport& report) const;
    void restore(Entry& entry);

    Core& core_;
    std::vector<std::unique_ptr<Entry>> entries_;
    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

}  // namespace bascule::daemon
