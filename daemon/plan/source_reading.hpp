#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "config/settings.hpp"
#include "daemon/mapped_source.hpp"
#include "daemon/plan/figures.hpp"
#include "daemon/plan/reading_means.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/mirror_engine.hpp"
#include "directory/ports/clock.hpp"
#include "store/sqlite/scratch_copy.hpp"

namespace bascule::daemon {

/// A source whose directory is read into a scratch copy. One thread.
class SourceReading {
  public:
    /// Does in the copy what a start of the source under these settings does in the store: reads
    /// from where it would read, maps, compares and lets the guard decide, until the source would
    /// be live. Errors name the source: those of its server, `unavailable`/"stopped", those of the
    /// copy. Everything outlives the reading.
    [[nodiscard]] static Result<std::unique_ptr<SourceReading>> read(
        const config::SourceSettings& settings, store::ScratchCopy& copy,
        std::shared_ptr<const mirror::JoinRules> joins, const ReadingMeans& means,
        const std::stop_token& stop
    );

    /// Carries out what the other sources' changes mean for this one, as it would while live.
    [[nodiscard]] Status settle();

    [[nodiscard]] directory::SourceId id() const { return engine_->state().id; }
    [[nodiscard]] const SourceFigures& figures() const { return figures_; }
    /// Of feed and mapping under which it was read.
    [[nodiscard]] std::string fingerprints() const;
    /// What was held before.
    [[nodiscard]] const mirror::HeldPlan& former() const { return former_; }
    [[nodiscard]] mirror::HeldPlan held() const {
        return mirror::HeldPlan::parse(engine_->state().held_plan);
    }

  private:
    SourceReading() = default;
    [[nodiscard]] Status open(
        const config::SourceSettings& settings, directory::Store& store,
        std::shared_ptr<const mirror::JoinRules> joins, const ReadingMeans& means
    );

    MappedSource source_;
    std::unique_ptr<mirror::MirrorEngine> engine_;
    SourceFigures figures_;
    mirror::HeldPlan former_;
};

}  // namespace bascule::daemon
