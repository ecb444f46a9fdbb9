#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/metrics.hpp"
#include "daemon/plan/figures.hpp"
#include "daemon/plan/rule_names.hpp"
#include "daemon/what_if/what_if_mirror.hpp"
#include "directory/ports/clock.hpp"

namespace bascule::daemon {

/// What a comparison of the rules in force with those beside them has found.
struct WhatIfResult {
    Time made;
    double seconds = 0;
    std::uint64_t lines = 0;
    std::vector<SourceFigures> sources;
};

/// Runs a second configuration of the sources beside the one in force, for as long as wanted and
/// over restarts, in a store of its own in the folder "<database>.what-if", and tells what is
/// different there. What is served is never touched. Thread-safe.
class WhatIfService {
  public:
    /// The mappings in force now.
    using RunningRules = std::function<std::map<std::string, ConfiguredRules>()>;
    /// Everything outlives it.
    WhatIfService(
        std::string database, directory::Clock& clock, ScanLeases& scans, Metrics& metrics,
        RunningRules running
    );
    ~WhatIfService();
    WhatIfService(const WhatIfService&) = delete;
    WhatIfService& operator=(const WhatIfService&) = delete;

    /// Goes on with what was begun before the start of the process; what stands in the way is
    /// logged.
    void resume();
    /// Begins with this configuration, from its text; `file` names it. Replaces the former one.
    /// `invalid_input`/"invalid_config" as read_candidate.
    [[nodiscard]] Status begin(const std::string& text, const std::string& file);
    /// Ends it and removes its files. `not_found`/"no_what_if" when there is none.
    [[nodiscard]] Status end();
    /// Stops working; what was begun goes on after the next start of the process.
    void stop();

    struct State {
        bool running = false;
        std::string file;
        std::vector<mirror::SourceStatus> sources;
        std::uint64_t comparisons = 0;  ///< made since the start of the process
        bool comparing = false;
        Status problem;                              ///< of the last comparison
        std::shared_ptr<const WhatIfResult> result;  ///< of the last good one
    };
    [[nodiscard]] State state() const;
    /// Asks for a comparison now; one is made every quarter of an hour anyway. `not_found`/
    /// "no_what_if", `unavailable`/"what_if_not_live" while the directories are still being read.
    [[nodiscard]] Status compare();
    /// A piece of the last comparison's differences from byte `offset` on; empty at the end.
    [[nodiscard]] Result<std::string> lines(std::uint64_t offset) const;

  private:
    [[nodiscard]] Status launch(const std::string& text, const std::string& file);
    void watch(const std::stop_token& stop);
    void compare_once();
    [[nodiscard]] Result<WhatIfResult> comparison() const;
    void publish(const WhatIfResult& result);
    void retract();
    [[nodiscard]] std::string path(const char* name) const { return folder_ + "/" + name; }

    const std::string database_;
    const std::string folder_;
    directory::Clock& clock_;
    ScanLeases& scans_;
    Metrics& metrics_;
    const RunningRules running_;

    std::mutex changing_;  ///< one begin(), end() or stop() at a time
    mutable std::mutex mutex_;
    std::condition_variable_any wanted_;
    bool compare_now_ = false;
    bool woken_ = false;  ///< by compare()
    State state_;
    std::map<std::string, ConfiguredRules> rules_;
    std::vector<std::string> published_;
    std::unique_ptr<WhatIfMirror> mirror_;
    std::jthread thread_;  ///< last: ends before what it uses
};

}  // namespace bascule::daemon
