#include "daemon/what_if/what_if_service.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "daemon/operator_schemas.hpp"
#include "daemon/plan/candidate.hpp"
#include "daemon/plan/difference_file.hpp"
#include "daemon/plan/difference_teller.hpp"
#include "directory/base/log.hpp"
#include "directory/base/private_file.hpp"
#include "directory/mirror/document.hpp"
#include "store/sqlite/store_comparison.hpp"

namespace bascule::daemon {

namespace {

constexpr std::chrono::minutes interval{15};
constexpr std::chrono::seconds look{1};
constexpr std::size_t piece = 1024 * 1024;
constexpr const char* metric = "bascule_what_if_differences";

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

Status nothing_runs() {
    return fail(
        ErrorKind::not_found, "no_what_if",
        "No rules run beside those in force. Begin with: bascule what-if start --config FILE"
    );
}

std::uint64_t objects_of(const SourceFigures& source) {
    std::uint64_t count = 0;
    for (const auto& [type, kind] : source.kinds) {
        count += kind.added + kind.changed + kind.converted + kind.removed;
    }
    return count;
}

/// What is kept here beside the mapping is no difference of the rules.
void forget_kept(store::ObjectDifference& one, std::string_view kept) {
    if (kept.empty()) {
        return;
    }
    std::vector<directory::AttributePath> paths;
    mirror::each_attribute(kept, [&](const directory::AttributePath& path, std::string_view) {
        paths.push_back(path);
    });
    one.before.body = mirror::filter_attributes(one.before.body, [&](const auto& path) {
        return std::ranges::find(paths, path) == paths.end();
    });
    if (one.before.body.empty()) {
        one.before.body = "{}";
    }
}

}  // namespace

WhatIfService::WhatIfService(
    std::string database, directory::Clock& clock, ScanLeases& scans, Metrics& metrics,
    RunningRules running
)
    : database_(std::move(database)),
      folder_(database_ + ".what-if"),
      clock_(clock),
      scans_(scans),
      metrics_(metrics),
      running_(std::move(running)) {}

WhatIfService::~WhatIfService() {
    stop();
}

void WhatIfService::resume() {
    const std::string text = contents(path("config.yaml"));
    if (text.empty()) {
        return;
    }
    const std::lock_guard lock(changing_);
    if (const Status begun = launch(text, contents(path("file"))); !begun) {
        log::warning("what_if_not_resumed", begun.error().detail, {{"code", begun.error().code}});
    }
}

Status WhatIfService::begin(const std::string& text, const std::string& file) {
    BASCULE_TRY(const config::Settings checked, read_candidate(text, file));
    stop();
    const std::lock_guard lock(changing_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    ::mkdir(folder_.c_str(), S_IRWXU);
    BASCULE_CHECK(write_private_file(path("file"), file));
    BASCULE_CHECK(write_private_file(path("config.yaml"), text));
    return launch(text, file);
}

Status WhatIfService::launch(const std::string& text, const std::string& file) {
    BASCULE_TRY(const config::Settings settings, read_candidate(text, file));
    BASCULE_TRY(const auto schemas, require_schemas(settings, file));
    BASCULE_TRY(
        auto mirror, WhatIfMirror::start(settings, *schemas, path("what-if.db"), clock_, scans_)
    );
    const std::lock_guard lock(mutex_);
    mirror_ = std::move(mirror);
    rules_ = configured_rules(settings);
    state_ = {};
    state_.running = true;
    state_.file = file;
    compare_now_ = true;
    thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
    return {};
}

void WhatIfService::stop() {
    const std::lock_guard lock(changing_);
    thread_ = {};
    std::unique_ptr<WhatIfMirror> ending;
    {
        const std::lock_guard state_lock(mutex_);
        ending = std::move(mirror_);
        state_ = {};
    }
    retract();
}

Status WhatIfService::end() {
    if (!state().running && contents(path("config.yaml")).empty()) {
        return nothing_runs();
    }
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    return {};
}

WhatIfService::State WhatIfService::state() const {
    const std::lock_guard lock(mutex_);
    State now = state_;
    if (mirror_ != nullptr) {
        now.sources = mirror_->statuses();
    }
    return now;
}

Status WhatIfService::compare() {
    const std::lock_guard lock(mutex_);
    if (mirror_ == nullptr) {
        return nothing_runs();
    }
    if (!mirror_->is_live()) {
        return fail(
            ErrorKind::unavailable, "what_if_not_live",
            "The directories are still being read under these rules. See: bascule what-if status"
        );
    }
    compare_now_ = true;
    woken_ = true;
    state_.comparing = true;
    wanted_.notify_all();
    return {};
}

/// The first comparison is made as soon as everything has been read.
void WhatIfService::watch(const std::stop_token& stop) {
    auto due = std::chrono::steady_clock::now() + interval;
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            wanted_.wait_for(lock, stop, look, [this] { return std::exchange(woken_, false); });
            const bool wanted = compare_now_ || std::chrono::steady_clock::now() >= due;
            if (!wanted || !mirror_->is_live()) {
                continue;
            }
            state_.comparing = true;
            compare_now_ = false;
        }
        compare_once();
        due = std::chrono::steady_clock::now() + interval;
    }
}

void WhatIfService::compare_once() {
    auto result = comparison();
    if (result) {
        publish(*result);
    }
    const std::lock_guard lock(mutex_);
    ++state_.comparisons;
    state_.comparing = false;
    if (result) {
        state_.problem = {};
        state_.result = std::make_shared<const WhatIfResult>(*std::move(result));
    } else {
        state_.problem = fail(std::move(result).error());
    }
}

Result<WhatIfResult> WhatIfService::comparison() const {
    const auto began = std::chrono::steady_clock::now();
    BASCULE_TRY(const auto compared, store::StoreComparison::open(database_, path("what-if.db")));
    BASCULE_TRY(const auto lines, DifferenceFile::create(path("next.jsonl")));
    const RuleNames names(running_(), rules_);
    WhatIfResult result;
    for (const auto& [source, rules] : rules_) {
        std::map<directory::SourceId, SourceFigures> figures;
        figures[directory::SourceId::local].name = source;
        DifferenceTeller teller(*compared, *lines, names, figures);
        const auto tell = [&](const store::ObjectDifference& found, std::string_view kept) {
            store::ObjectDifference one = found;
            forget_kept(one, kept);
            return teller.tell(one);
        };
        BASCULE_CHECK(compared->each_difference(source, tell));
        result.sources.push_back(figures.at(directory::SourceId::local));
    }
    BASCULE_CHECK(lines->finish());
    std::error_code error;
    std::filesystem::rename(path("next.jsonl"), path("differences.jsonl"), error);
    result.lines = lines->lines();
    result.made = clock_.now();
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return result;
}

void WhatIfService::publish(const WhatIfResult& result) {
    retract();
    for (const SourceFigures& source : result.sources) {
        metrics_.set(
            metric, "Users and groups that the rules beside those in force would make different.",
            {{"source", source.name}}, static_cast<double>(objects_of(source))
        );
        published_.push_back(source.name);
    }
}

void WhatIfService::retract() {
    for (const std::string& source : std::exchange(published_, {})) {
        metrics_.forget(metric, {{"source", source}});
    }
}

Result<std::string> WhatIfService::lines(std::uint64_t offset) const {
    std::ifstream file(path("differences.jsonl"), std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    std::string text(piece, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace bascule::daemon
