#include "daemon/plan/source_reading.hpp"

#include <chrono>
#include <utility>

#include "daemon/leased_feed.hpp"
#include "daemon/source_options.hpp"

namespace bascule::daemon {

using directory::FeedEnd;
using directory::FeedResult;

namespace {

constexpr std::uint64_t entries_between_looks = 1000;
constexpr int most_attempts = 4;

/// Passes everything to the engine and ends the run when the refresh is complete.
class RefreshSink final : public directory::FeedSink {
  public:
    RefreshSink(
        mirror::MirrorEngine& engine, store::ScratchCopy& copy, PlanProgress& progress,
        std::stop_source& enough
    )
        : engine_(engine), copy_(copy), progress_(progress), enough_(enough) {}

    Status refresh_started(bool from_cookie) override {
        BASCULE_CHECK(copy_.check_room());
        return engine_.refresh_started(from_cookie);
    }
    Status changed(directory::SourceEntry entry) override {
        if (complete_) {
            return {};
        }
        if (++entries_ % entries_between_looks == 0) {
            progress_.advance(entries_);
            BASCULE_CHECK(copy_.check_room());
        }
        return engine_.changed(std::move(entry));
    }
    Status each_held(const std::function<Status(const directory::MirrorEntry&)>& visit) override {
        return engine_.each_held(visit);
    }
    Result<bool> members_changed(directory::MemberChange change) override {
        return complete_ ? Result<bool>(true) : engine_.members_changed(std::move(change));
    }
    Status present(const std::vector<Uuid>& anchors) override {
        return complete_ ? Status() : engine_.present(anchors);
    }
    Status deleted(const std::vector<Uuid>& anchors) override {
        return complete_ ? Status() : engine_.deleted(anchors);
    }
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override {
        BASCULE_CHECK(engine_.refresh_done(proof, cookie));
        progress_.advance(entries_);
        complete_ = true;
        enough_.request_stop();
        return {};
    }
    Status cookie(const std::string&) override { return {}; }
    Status idle() override { return complete_ ? Status() : engine_.idle(); }

    [[nodiscard]] bool complete() const { return complete_; }
    [[nodiscard]] std::uint64_t entries() const { return entries_; }

  private:
    mirror::MirrorEngine& engine_;
    store::ScratchCopy& copy_;
    PlanProgress& progress_;
    std::stop_source& enough_;
    std::uint64_t entries_ = 0;
    bool complete_ = false;
};

Error about(const std::string& source, Error error) {
    error.detail = "Source " + source + ": " + error.detail;
    return error;
}

Result<std::uint64_t> known_entries(directory::Store& store, directory::SourceId id) {
    std::uint64_t count = 0;
    BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(count, reader.count_entries(id, directory::EntryState::mirrored));
        return {};
    }));
    return count;
}

std::unique_ptr<directory::Feed> leased_feed(
    ldap::DirectorySource& directory, const config::SourceSettings& settings,
    const ReadingMeans& means
) {
    const auto waiting = [&means](bool waits) { means.progress.wait_for_another(waits); };
    return std::make_unique<LeasedFeed>(
        directory.make_feed(), ScanPlace{&means.scans, servers_of(settings), waiting}
    );
}

/// One source on its way into the copy.
class Run {
  public:
    Run(store::ScratchCopy& copy, std::unique_ptr<directory::Feed> feed,
        mirror::MirrorEngine& engine, PlanProgress& progress)
        : copy_(copy), feed_(std::move(feed)), engine_(engine), progress_(progress) {}

    /// Runs the feed until its refresh is complete.
    Status complete(const std::stop_token& stop) {
        for (int attempt = 1;; ++attempt) {
            BASCULE_CHECK(engine_.prepare_run(feed_->fingerprint()));
            BASCULE_TRY(const FeedResult result, attempt_once(stop));
            if (complete_) {
                return {};
            }
            if (stop.stop_requested()) {
                return fail(
                    ErrorKind::unavailable, "stopped", "It was stopped. Nothing was changed."
                );
            }
            const bool again =
                result.end == FeedEnd::other_dialect || result.end == FeedEnd::cookie_rejected;
            if (!again || attempt == most_attempts) {
                return fail(result.error);
            }
            if (result.end == FeedEnd::cookie_rejected) {
                BASCULE_CHECK(engine_.reset_cookie(feed_->fingerprint()));
            }
        }
    }
    [[nodiscard]] std::uint64_t entries() const { return entries_; }

  private:
    Result<FeedResult> attempt_once(const std::stop_token& stop) {
        std::stop_source enough;
        const std::stop_callback forward(stop, [&enough] { enough.request_stop(); });
        RefreshSink sink(engine_, copy_, progress_, enough);
        FeedResult result = feed_->run({engine_.state().cookie, false}, sink, enough.get_token());
        complete_ = sink.complete();
        entries_ += sink.entries();
        BASCULE_CHECK(engine_.close_run(true));
        return result;
    }

    store::ScratchCopy& copy_;
    std::unique_ptr<directory::Feed> feed_;
    mirror::MirrorEngine& engine_;
    PlanProgress& progress_;
    bool complete_ = false;
    std::uint64_t entries_ = 0;
};

}  // namespace

Status SourceReading::open(
    const config::SourceSettings& settings, directory::Store& store,
    std::shared_ptr<const mirror::JoinRules> joins, const ReadingMeans& means
) {
    BASCULE_TRY(const directory::SourceId id, store.register_source(settings.name));
    BASCULE_TRY(const directory::SourceState before, stored_state(store, settings.name));
    BASCULE_TRY(const std::uint64_t known, known_entries(store, id));
    means.progress.begin("reading", settings.name, known);
    BASCULE_TRY(source_, MappedSource::make(settings, store, means.scans));
    engine_ = std::make_unique<mirror::MirrorEngine>(
        store, *source_.mapper, means.clock, settings.name, guard_limits(settings.guard),
        std::move(joins), source_.mapper.get()
    );
    engine_->keep_silent();
    former_ = mirror::HeldPlan::parse(before.held_plan);
    figures_.name = settings.name;
    figures_.read = true;
    figures_.first_load = !mirror::is_loaded(before);
    return engine_->open();
}

Result<std::unique_ptr<SourceReading>> SourceReading::read(
    const config::SourceSettings& settings, store::ScratchCopy& copy,
    std::shared_ptr<const mirror::JoinRules> joins, const ReadingMeans& means,
    const std::stop_token& stop
) {
    std::unique_ptr<SourceReading> reading(new SourceReading());
    if (Status opened = reading->open(settings, copy.store(), std::move(joins), means); !opened) {
        return fail(about(settings.name, std::move(opened).error()));
    }
    const auto began = std::chrono::steady_clock::now();
    Run run(
        copy, leased_feed(*reading->source_.directory, settings, means), *reading->engine_,
        means.progress
    );
    if (Status complete = run.complete(stop); !complete) {
        return fail(about(settings.name, std::move(complete).error()));
    }
    reading->figures_.entries = run.entries();
    reading->figures_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return reading;
}

Status SourceReading::settle() {
    BASCULE_CHECK(engine_->attend_to_others());
    return engine_->retry_quarantined();
}

std::string SourceReading::fingerprints() const {
    return engine_->state().fingerprint + "\n" + engine_->state().mapping_fingerprint;
}

}  // namespace bascule::daemon
