#include "daemon/plan/plan_service.hpp"

#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "directory/base/log.hpp"
#include "store/sqlite/scratch_copy.hpp"

namespace bascule::daemon {

namespace {

constexpr std::size_t piece = 1024 * 1024;

}  // namespace

PlanService::PlanService(std::string database, directory::Clock& clock, ScanLeases& scans)
    : database_(std::move(database)),
      folder_(database_ + ".plan"),
      clock_(clock),
      scans_(scans),
      kept_(database_ + ".plans") {
    store::remove_scratch(folder_);
}

PlanService::~PlanService() {
    stop();
}

Result<std::uint64_t> PlanService::start(PlanRequest request) {
    const std::lock_guard lock(mutex_);
    if (state_.phase == State::Phase::running) {
        const PlanProgress::State now = progress_.state();
        return fail(
            ErrorKind::conflict, "plan_running",
            "Another plan is being made (" + now.step +
                (now.source.empty()
                     ? ""
                     : " " + now.source + ", " + std::to_string(now.done) + " entries read") +
                "). Wait for its end, or end it with: bascule plan --cancel"
        );
    }
    if (thread_.joinable()) {
        thread_.join();
    }
    progress_.begin("starting");
    state_ = {State::Phase::running, state_.number + 1, {}, nullptr, {}};
    thread_ = std::jthread([this, wanted = std::move(request)](const std::stop_token& stop) {
        run(wanted, stop);
    });
    return state_.number;
}

void PlanService::run(const PlanRequest& request, const std::stop_token& stop) {
    store::remove_scratch(folder_);
    ::mkdir(folder_.c_str(), S_IRWXU);
    auto outcome = make_plan(
        request, {database_, folder_ + "/copy", lines_path()}, {clock_, scans_, progress_}, stop
    );
    if (outcome) {
        if (Status kept = kept_.keep(*outcome, clock_.now()); !kept) {
            outcome = fail(std::move(kept).error());
        }
    }
    if (!outcome) {
        store::remove_scratch(folder_);
    }
    const std::lock_guard lock(mutex_);
    if (outcome) {
        log::info(
            "plan_made", "A configuration was tried out; nothing was changed.",
            {{"plan", outcome->hash}, {"differences", std::to_string(outcome->lines)}}
        );
        state_.outcome = std::make_shared<const PlanOutcome>(*std::move(outcome));
        state_.phase = State::Phase::done;
    } else {
        log::info(
            "plan_failed", outcome.error().detail,
            {{"code", outcome.error().code}, {"context", outcome.error().context}}
        );
        state_.error = std::move(outcome).error();
        state_.phase = State::Phase::failed;
    }
}

PlanService::State PlanService::state() const {
    const std::lock_guard lock(mutex_);
    State now = state_;
    now.progress = progress_.state();
    return now;
}

void PlanService::cancel() {
    const std::lock_guard lock(mutex_);
    if (state_.phase == State::Phase::running) {
        thread_.request_stop();
    }
}

void PlanService::stop() {
    cancel();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Result<std::string> PlanService::lines(std::uint64_t number, std::uint64_t offset) const {
    const std::lock_guard lock(mutex_);
    if (state_.phase != State::Phase::done || state_.number != number) {
        return fail(
            ErrorKind::not_found, "no_plan",
            "This plan is not there any more; another one was made. Make it again."
        );
    }
    std::ifstream file(lines_path(), std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    std::string text(piece, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    const std::size_t end = text.rfind('\n');
    if (text.size() == piece && end != std::string::npos) {
        text.resize(end + 1);
    }
    return text;
}

}  // namespace bascule::daemon
