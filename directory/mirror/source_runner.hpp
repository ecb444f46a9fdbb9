#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "directory/mirror/mirror_engine.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/feed.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// How often a source that is live carries out what changes of others mean for it, and tries what
/// is in quarantine again.
inline constexpr std::chrono::milliseconds attention_interval{500};
inline constexpr std::chrono::seconds quarantine_interval{30};

/// What an operator sees of a source.
struct SourceStatus {
    std::string name;
    std::string state;  ///< "starting", "waiting", "loading", "resuming", "live", "degraded",
                        ///< "backoff", "stopped"
    std::uint64_t objects = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t held = 0;
    std::uint64_t received = 0;     ///< entries since start, over all runners of the source
    double entries_per_second = 0;  ///< while a refresh runs
    /// How far the refresh is that runs.
    struct Progress {
        std::uint64_t entries = 0;              ///< that it has brought
        std::optional<std::uint64_t> expected;  ///< as many as there were before
        std::optional<double> seconds_left;
        bool storing = false;  ///< everything was read; it is compared and committed
    };
    std::optional<Progress> progress;
    std::optional<Time> last_change;  ///< of the data
    /// From the server's stamp of the last live change to our commit, by both clocks; milliseconds.
    std::optional<std::int64_t> lag;
    std::optional<Time> last_contact;  ///< the server said something
    std::string cookie;
    std::string last_error;  ///< code and words; empty while all is well
};

/// Runs the feed of one source in a thread of its own, for ever: resumes or takes a snapshot,
/// follows changes, waits and tries again when it ends (0.2 s to 30 s with full jitter; 60 s when
/// rights are refused or a limit is hit). Data stay served whatever happens. Public methods
/// are thread-safe.
class SourceRunner {
  public:
    SourceRunner(
        directory::Store& store, std::unique_ptr<directory::Feed> feed,
        const directory::EntryMapper& mapper, directory::Clock& clock, std::string name,
        GuardLimits limits = {}, std::shared_ptr<const JoinRules> joins = nullptr,
        const directory::EntryAreas* areas = nullptr
    );
    /// Stops within a second.
    ~SourceRunner();
    SourceRunner(const SourceRunner&) = delete;
    SourceRunner& operator=(const SourceRunner&) = delete;

    /// Goes on counting received entries where a former runner of the source ended. Before start().
    void count_received_from(std::uint64_t received) { engine_.count_received_from(received); }
    /// See MirrorEngine. Before start().
    void keep_in_step() { engine_.keep_in_step(); }
    void tell_echoes_to(EchoBook& book) { engine_.tell_echoes_to(book); }
    /// Logs nothing: for a mirror that is not in force. Before start().
    void keep_silent();
    void start();
    void stop();
    /// The feed waits until another reading of its servers has ended, or begins to read.
    void note_waiting(bool waits) { set_state(waits ? "waiting" : "starting", {}); }
    [[nodiscard]] SourceStatus snapshot() const;
    /// SourceStatus::state, without looking into the store.
    [[nodiscard]] std::string state() const {
        const std::lock_guard lock(mutex_);
        return state_;
    }

    /// Compares one entry beside the feed and mends what differs, see MirrorEngine.
    /// `conflict`/"source_not_live" while nothing is followed.
    [[nodiscard]] Result<MirrorEngine::Checked> check_present(const directory::SourceEntry& entry);
    [[nodiscard]] Result<MirrorEngine::Checked> check_absent(
        const Uuid& anchor, std::size_t together
    );

  private:
    class WatchedSink;
    void run(const std::stop_token& stop);
    [[nodiscard]] Status prepare();
    void run_feed(const std::stop_token& stop);
    void handle_end(const directory::FeedResult& result);
    [[nodiscard]] Status require_live() const;
    void set_state(std::string state, std::string error);
    void set_storing(bool storing);
    [[nodiscard]] Status attend_to_others();
    void wait(const std::stop_token& stop);

    directory::Store& store_;
    std::unique_ptr<directory::Feed> feed_;
    directory::Clock& clock_;
    MirrorEngine engine_;
    bool prepared_ = false;
    bool announces_ = true;
    unsigned failures_ = 0;
    unsigned rejections_ = 0;  ///< of cookies, since it was live
    std::chrono::milliseconds delay_{0};

    std::mutex engine_mutex_;   ///< the feed and who compares take turns at the engine
    mutable std::mutex mutex_;  ///< guards what follows
    std::string state_ = "starting";
    std::string error_;
    std::optional<Time> last_contact_;
    Time refresh_started_{};
    std::uint64_t received_before_ = 0;
    bool storing_ = false;

    std::jthread thread_;
};

}  // namespace bascule::mirror
