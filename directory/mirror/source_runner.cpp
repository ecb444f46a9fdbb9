#include "directory/mirror/source_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <random>
#include <utility>

#include "directory/base/log.hpp"
#include "directory/mirror/held_plan.hpp"

namespace bascule::mirror {

using directory::FeedEnd;
using directory::FeedResult;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds first_delay(200);
constexpr milliseconds longest_delay(30'000);
constexpr milliseconds patient_delay(60'000);
constexpr milliseconds watchful_delay(2'000);

/// Full jitter: sources that lost the same server do not come back in step.
milliseconds jittered(milliseconds limit) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return milliseconds(std::uniform_int_distribution<milliseconds::rep>(
        first_delay.count() / 2, limit.count()
    )(random));
}

}  // namespace

/// Passes everything to the engine and notes what an operator wants to see.
class SourceRunner::WatchedSink final : public directory::FeedSink {
  public:
    explicit WatchedSink(SourceRunner& runner) : runner_(runner), engine_(runner.engine_) {}

    Status refresh_started(bool from_cookie) override {
        {
            const std::lock_guard lock(runner_.mutex_);
            runner_.refresh_started_ = runner_.clock_.now();
            runner_.received_before_ = engine_.counters().received.load();
            runner_.storing_ = false;
        }
        runner_.set_state(from_cookie ? "resuming" : "loading", {});
        const std::lock_guard turn(runner_.engine_mutex_);
        return engine_.refresh_started(from_cookie);
    }
    Status changed(directory::SourceEntry entry) override {
        const std::lock_guard turn(runner_.engine_mutex_);
        return engine_.changed(std::move(entry));
    }
    Status each_held(const std::function<Status(const directory::MirrorEntry&)>& visit) override {
        return engine_.each_held(visit);
    }
    Result<bool> members_changed(directory::MemberChange change) override {
        const std::lock_guard turn(runner_.engine_mutex_);
        return engine_.members_changed(std::move(change));
    }
    Status present(const std::vector<Uuid>& anchors) override {
        const std::lock_guard turn(runner_.engine_mutex_);
        return engine_.present(anchors);
    }
    Status deleted(const std::vector<Uuid>& anchors) override {
        const std::lock_guard turn(runner_.engine_mutex_);
        return engine_.deleted(anchors);
    }
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override {
        runner_.set_storing(true);
        {
            const std::lock_guard turn(runner_.engine_mutex_);
            BASCULE_CHECK(engine_.refresh_done(proof, cookie));
        }
        runner_.failures_ = 0;
        runner_.rejections_ = 0;
        runner_.set_state("live", {});
        if (runner_.announces_)
            log::info("source_live", "The source is live.", {{"source", engine_.source()}});
        return {};
    }
    Status cookie(const std::string& cookie) override {
        const std::lock_guard turn(runner_.engine_mutex_);
        return engine_.cookie(cookie);
    }
    Status idle() override {
        {
            const std::lock_guard lock(runner_.mutex_);
            runner_.last_contact_ = runner_.clock_.now();
        }
        const std::lock_guard turn(runner_.engine_mutex_);
        BASCULE_CHECK(engine_.idle());
        const auto now = std::chrono::steady_clock::now();
        if (engine_.counters().refreshing.load())
            return {};
        if (now - last_attention_ >= attention_interval) {
            last_attention_ = now;
            BASCULE_CHECK(engine_.attend_to_others());
        }
        if (now - last_retry_ < quarantine_interval)
            return {};
        last_retry_ = now;
        return engine_.retry_quarantined();
    }

  private:
    SourceRunner& runner_;
    MirrorEngine& engine_;
    std::chrono::steady_clock::time_point last_retry_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point last_attention_{};
};

SourceRunner::SourceRunner(
    directory::Store& store, std::unique_ptr<directory::Feed> feed,
    const directory::EntryMapper& mapper, directory::Clock& clock, std::string name,
    GuardLimits limits, std::shared_ptr<const JoinRules> joins, const directory::EntryAreas* areas
)
    : store_(store),
      feed_(std::move(feed)),
      clock_(clock),
      engine_(store, mapper, clock, std::move(name), limits, std::move(joins), areas) {}

SourceRunner::~SourceRunner() {
    stop();
}

void SourceRunner::keep_silent() {
    announces_ = false;
    engine_.keep_silent();
}

void SourceRunner::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void SourceRunner::stop() {
    if (!thread_.joinable())
        return;
    thread_.request_stop();
    thread_.join();
}

void SourceRunner::set_state(std::string state, std::string error) {
    const std::lock_guard lock(mutex_);
    if (announces_ && state_ != state)
        log::info(
            "source_state", "The source changed its state.",
            {{"source", engine_.source()}, {"state", state}, {"error", error}}
        );
    state_ = std::move(state);
    error_ = std::move(error);
    last_contact_ = error_.empty() ? std::optional(clock_.now()) : last_contact_;
}

void SourceRunner::set_storing(bool storing) {
    const std::lock_guard lock(mutex_);
    storing_ = storing;
}

/// Reads the source's state; what decides the cookie's meaning is compared with what it was made
/// under.
Status SourceRunner::prepare() {
    if (!prepared_) {
        BASCULE_CHECK(engine_.open());
        prepared_ = true;
    }
    return engine_.prepare_run(feed_->fingerprint());
}

void SourceRunner::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        delay_ = milliseconds(0);
        if (Status prepared = prepare(); !prepared) {
            set_state("degraded", prepared.error().code + ": " + prepared.error().detail);
            delay_ = jittered(longest_delay);
        } else {
            run_feed(stop);
        }
        wait(stop);
    }
    set_state("stopped", {});
}

void SourceRunner::run_feed(const std::stop_token& stop) {
    WatchedSink sink(*this);
    const directory::FeedStart start{engine_.state().cookie, engine_.interrupted()};
    FeedResult result = feed_->run(start, sink, stop);
    const bool stopped = result.end == FeedEnd::stopped;
    {
        const std::lock_guard turn(engine_mutex_);
        if (Status closed = engine_.close_run(stopped); !closed && stopped) {
            result = {FeedEnd::disconnected, closed.error()};
        }
    }
    if (!stop.stop_requested())
        handle_end(result);
}

/// Data stay as they are whatever the end was; only what is tried next differs.
void SourceRunner::handle_end(const FeedResult& result) {
    if (result.end == FeedEnd::stopped)
        return;
    if (result.end == FeedEnd::other_dialect && failures_++ == 0)
        return;
    const std::string error = result.error.code + ": " + result.error.detail;
    if (announces_)
        log::warning(
            "source_ended", "The change feed ended.",
            {{"source", engine_.source()}, {"error", error}, {"context", result.error.context}}
        );
    ++failures_;
    const auto soon =
        jittered(std::min(longest_delay, first_delay * (1U << std::min(failures_, 8U))));
    switch (result.end) {
        case FeedEnd::cookie_rejected:
            if (Status reset = engine_.reset_cookie(feed_->fingerprint()); !reset)
                ++rejections_;
            set_state("backoff", error);
            // The server is there, however long it was not.
            delay_ = ++rejections_ > 1 ? jittered(longest_delay) : milliseconds(0);
            return;
        case FeedEnd::provider_behind:
            set_state("degraded", error);
            delay_ = soon;
            return;
        case FeedEnd::base_missing:
            set_state("degraded", error);
            delay_ = longest_delay;
            return;
        case FeedEnd::limited:
        case FeedEnd::refused:
            set_state("degraded", error);
            // The feed itself spares an account whose secret was refused, and tries a new one.
            delay_ = result.error.code == "directory_credentials" ? std::min(soon, watchful_delay)
                                                                  : patient_delay;
            return;
        default:
            break;
    }
    set_state("backoff", error);
    delay_ = soon;
}

Status SourceRunner::attend_to_others() {
    const std::lock_guard turn(engine_mutex_);
    return prepared_ ? engine_.attend_to_others() : Status{};
}

void SourceRunner::wait(const std::stop_token& stop) {
    const auto end = std::chrono::steady_clock::now() + delay_;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
        // Other sources go on meanwhile, and what they change may concern this one.
        if (const Status attended = attend_to_others(); !attended)
            log::warning(
                "attention_failed", "What other sources have changed could not be carried out.",
                {{"source", engine_.source()}, {"error", attended.error().detail}}
            );
        const auto rest = end - std::chrono::steady_clock::now();
        never.wait_for(
            lock, stop, std::min<std::chrono::steady_clock::duration>(rest, attention_interval),
            [] { return false; }
        );
    }
}

namespace {

/// How many entries a snapshot will bring, from how many there were: what is mirrored already is
/// known, a first load is not.
Status expect_entries(directory::Reader& reader, directory::SourceId id, SourceStatus& status) {
    if (!status.progress || status.state != "loading")
        return {};
    std::uint64_t known = 0;
    for (const auto state :
         {directory::EntryState::mirrored, directory::EntryState::unmatched,
          directory::EntryState::quarantined}) {
        BASCULE_TRY(const std::uint64_t count, reader.count_entries(id, state));
        known += count;
    }
    if (known == 0)
        return {};
    status.progress->expected = std::max(known, status.progress->entries);
    if (status.entries_per_second > 0) {
        const std::uint64_t rest = *status.progress->expected - status.progress->entries;
        status.progress->seconds_left = static_cast<double>(rest) / status.entries_per_second;
    }
    return {};
}

}  // namespace

Status SourceRunner::require_live() const {
    const std::lock_guard lock(mutex_);
    if (state_ == "live")
        return {};
    return fail(
        ErrorKind::conflict, "source_not_live",
        "The source is not live at the moment, so nothing can be compared with it."
    );
}

Result<MirrorEngine::Checked> SourceRunner::check_present(const directory::SourceEntry& entry) {
    const std::lock_guard turn(engine_mutex_);
    BASCULE_CHECK(require_live());
    return engine_.check_present(entry);
}

Result<MirrorEngine::Checked> SourceRunner::check_absent(const Uuid& anchor, std::size_t together) {
    const std::lock_guard turn(engine_mutex_);
    BASCULE_CHECK(require_live());
    return engine_.check_absent(anchor, together);
}

SourceStatus SourceRunner::snapshot() const {
    SourceStatus status;
    status.name = engine_.source();
    status.received = engine_.counters().received.load();
    if (const std::int64_t lag = engine_.counters().lag_ms.load(); lag >= 0)
        status.lag = lag;
    {
        const std::lock_guard lock(mutex_);
        status.state = state_;
        status.last_error = error_;
        status.last_contact = last_contact_;
        const double seconds =
            std::chrono::duration<double>(clock_.now() - refresh_started_).count();
        const bool refreshing = state_ == "loading" || state_ == "resuming";
        if (refreshing) {
            status.progress.emplace();
            status.progress->entries = status.received - received_before_;
            status.progress->storing = storing_;
        }
        if (refreshing && seconds > 0)
            status.entries_per_second =
                static_cast<double>(status.received - received_before_) / seconds;
    }
    const Status read = store_.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const auto state, reader.source_state(status.name));
        if (!state)
            return {};
        BASCULE_CHECK(expect_entries(reader, state->id, status));
        BASCULE_TRY(
            status.objects, reader.count_entries(state->id, directory::EntryState::mirrored)
        );
        BASCULE_TRY(
            status.quarantined, reader.count_entries(state->id, directory::EntryState::quarantined)
        );
        status.held = HeldPlan::parse(state->held_plan).size();
        status.cookie = state->cookie;
        if (state->last_change != Time{})
            status.last_change = state->last_change;
        return {};
    });
    if (!read && status.last_error.empty())
        status.last_error = read.error().code + ": " + read.error().detail;
    return status;
}

}  // namespace bascule::mirror
