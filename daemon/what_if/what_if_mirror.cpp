#include "daemon/what_if/what_if_mirror.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "daemon/mapped_source.hpp"
#include "directory/mirror/mirror_engine.hpp"
#include "directory/model/internal_types.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::daemon {

using directory::FeedEnd;
using directory::FeedResult;

namespace {

constexpr std::chrono::seconds first_wait{1};
constexpr std::chrono::seconds longest_wait{60};
constexpr std::chrono::milliseconds attention_interval{500};

mirror::GuardLimits open_limits() {
    mirror::GuardLimits limits;
    limits.delete_percent = 100;
    limits.emptied_percent = 100;
    limits.membership_percent = 100;
    limits.attribute_percent = 100;
    return limits;
}

}  // namespace

/// One source on a thread of its own.
class WhatIfMirror::Follower final : public directory::FeedSink {
  public:
    Follower(
        directory::Store& store, MappedSource source,
        std::shared_ptr<const mirror::JoinRules> joins, directory::Clock& clock, std::string name
    )
        : source_(std::move(source)),
          feed_(source_.directory->make_feed()),
          engine_(
              store, *source_.mapper, clock, std::move(name), open_limits(), std::move(joins),
              source_.mapper.get()
          ) {
        engine_.keep_silent();
    }

    void start() {
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }

    Status refresh_started(bool from_cookie) override {
        return engine_.refresh_started(from_cookie);
    }
    Status changed(directory::SourceEntry entry) override {
        return engine_.changed(std::move(entry));
    }
    Status each_held(const std::function<Status(const directory::MirrorEntry&)>& visit) override {
        return engine_.each_held(visit);
    }
    Result<bool> members_changed(directory::MemberChange change) override {
        return engine_.members_changed(std::move(change));
    }
    Status present(const std::vector<Uuid>& anchors) override { return engine_.present(anchors); }
    Status deleted(const std::vector<Uuid>& anchors) override { return engine_.deleted(anchors); }
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override {
        BASCULE_CHECK(engine_.refresh_done(proof, cookie));
        set(true, {});
        wait_ = first_wait;
        return {};
    }
    Status cookie(const std::string& cookie) override { return engine_.cookie(cookie); }
    Status idle() override {
        BASCULE_CHECK(engine_.idle());
        const auto now = std::chrono::steady_clock::now();
        if (now - attended_ < attention_interval) {
            return {};
        }
        attended_ = now;
        return engine_.attend_to_others();
    }

    [[nodiscard]] SourceState state() const {
        const std::lock_guard lock(mutex_);
        return {engine_.source(), live_, problem_, engine_.counters().received.load()};
    }

  private:
    void set(bool live, std::string problem) {
        const std::lock_guard lock(mutex_);
        live_ = live;
        problem_ = std::move(problem);
    }

    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const Status done = run_once(stop);
            if (!done) {
                set(false, done.error().code + ": " + done.error().detail);
            }
            std::mutex mutex;
            std::unique_lock lock(mutex);
            std::condition_variable_any never;
            never.wait_for(lock, stop, wait_, [] { return false; });
            wait_ = std::min<std::chrono::seconds>(2 * wait_, longest_wait);
        }
    }

    Status run_once(const std::stop_token& stop) {
        BASCULE_CHECK(prepare());
        const FeedResult result =
            feed_->run({engine_.state().cookie, engine_.interrupted()}, *this, stop);
        BASCULE_CHECK(engine_.close_run(result.end == FeedEnd::stopped));
        switch (result.end) {
            case FeedEnd::stopped:
            case FeedEnd::other_dialect:
                return {};
            case FeedEnd::cookie_rejected:
                BASCULE_CHECK(
                    engine_.reset_cookie(feed_->fingerprint(), engine_.mapping_fingerprint())
                );
                [[fallthrough]];
            default:
                return fail(result.error);
        }
    }

    Status prepare() {
        if (!opened_) {
            BASCULE_CHECK(engine_.open());
            opened_ = true;
        }
        const std::string feed = feed_->fingerprint();
        const std::string mapping = engine_.mapping_fingerprint();
        const directory::SourceState& state = engine_.state();
        const bool same = state.fingerprint == feed && state.mapping_fingerprint == mapping;
        return same ? Status() : engine_.reset_cookie(feed, mapping);
    }

    MappedSource source_;
    std::unique_ptr<directory::Feed> feed_;
    mirror::MirrorEngine engine_;
    bool opened_ = false;
    std::chrono::seconds wait_ = first_wait;
    std::chrono::steady_clock::time_point attended_{};
    mutable std::mutex mutex_;
    bool live_ = false;
    std::string problem_;
    std::jthread thread_;  ///< last: ends before what it uses
};

WhatIfMirror::~WhatIfMirror() = default;

Result<std::unique_ptr<WhatIfMirror>> WhatIfMirror::start(
    const config::Settings& settings, scim::SchemaRegistry& schemas, const std::string& database,
    directory::Clock& clock
) {
    std::unique_ptr<WhatIfMirror> mirror(new WhatIfMirror());
    directory::register_internal_types(mirror->registry_);
    BASCULE_CHECK(schemas.register_types(mirror->registry_));
    BASCULE_TRY(mirror->store_, store::open_sqlite_store({database}, mirror->registry_, clock));
    BASCULE_TRY(const auto joins, join_rules(settings, *mirror->store_));
    for (const config::SourceSettings& source : settings.sources) {
        BASCULE_TRY(MappedSource mapped, MappedSource::make(source, *mirror->store_));
        mirror->followers_.push_back(std::make_unique<Follower>(
            *mirror->store_, std::move(mapped), joins, clock, source.name
        ));
    }
    for (const auto& follower : mirror->followers_) {
        follower->start();
    }
    return mirror;
}

std::vector<WhatIfMirror::SourceState> WhatIfMirror::states() const {
    std::vector<SourceState> all;
    for (const auto& follower : followers_) {
        all.push_back(follower->state());
    }
    return all;
}

bool WhatIfMirror::is_live() const {
    return std::ranges::all_of(followers_, [](const auto& one) { return one->state().live; });
}

}  // namespace bascule::daemon
