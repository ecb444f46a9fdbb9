#include "daemon/plan/plan_run.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/plan/difference_file.hpp"
#include "daemon/plan/difference_teller.hpp"
#include "daemon/plan/held_teller.hpp"
#include "daemon/plan/source_reading.hpp"
#include "daemon/source_options.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::daemon {
namespace {

constexpr std::uint64_t differences_between_looks = 1000;
/// Sources that take each other's changes in come to rest long before.
constexpr int most_passes = 100;

Status stopped() {
    return fail(ErrorKind::unavailable, "stopped", "It was stopped. Nothing was changed.");
}

Result<std::vector<const config::SourceSettings*>> wanted_sources(const PlanRequest& request) {
    std::vector<const config::SourceSettings*> wanted;
    for (const config::SourceSettings& source : request.settings.sources) {
        if (request.source.empty() || source.name == request.source) {
            wanted.push_back(&source);
        }
    }
    if (wanted.empty() && !request.source.empty()) {
        return fail(
            ErrorKind::not_found, "unknown_source",
            "The configuration has no source '" + request.source + "'."
        );
    }
    return wanted;
}

/// Sources that leave the configuration keep what they have.
void note_leaving_sources(const PlanRequest& request, std::vector<std::string>& notes) {
    for (const auto& [name, rules] : request.running) {
        const bool stays = std::ranges::any_of(request.settings.sources, [&](const auto& one) {
            return one.name == name;
        });
        if (!stays) {
            notes.push_back(
                "source " + name +
                " is not in the new configuration: its objects stay as they are and follow no "
                "directory any more"
            );
        }
    }
}

using Readings = std::vector<std::unique_ptr<SourceReading>>;

/// Each sees what the others have changed, until that changes nothing more.
Status settle(const Readings& readings, directory::Store& store, const std::stop_token& stop) {
    std::int64_t before = -1;
    for (int pass = 0; pass < most_passes; ++pass) {
        std::int64_t now = 0;
        BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(now, reader.last_sequence());
            return {};
        }));
        if (now == before || readings.size() < 2) {
            return {};
        }
        before = now;
        for (const auto& reading : readings) {
            BASCULE_CHECK(stop.stop_requested() ? stopped() : reading->settle());
        }
    }
    return {};
}

/// One after the other, then each beside the others.
Result<Readings> read_all(
    const std::vector<const config::SourceSettings*>& wanted,
    const std::shared_ptr<const mirror::JoinRules>& joins, store::ScratchCopy& copy,
    const ReadingMeans& means, const std::stop_token& stop
) {
    Readings readings;
    for (const config::SourceSettings* source : wanted) {
        BASCULE_TRY(auto reading, SourceReading::read(*source, copy, joins, means, stop));
        readings.push_back(std::move(reading));
    }
    means.progress.begin("settling");
    BASCULE_CHECK(settle(readings, copy.store(), stop));
    return readings;
}

using Figures = std::map<directory::SourceId, SourceFigures>;

Status compare(
    store::ScratchCopy& copy, DifferenceFile& lines, const RuleNames& rules, Figures& figures,
    PlanProgress& progress, const std::stop_token& stop
) {
    progress.begin("comparing");
    DifferenceTeller teller(copy, lines, rules, figures);
    std::uint64_t seen = 0;
    return copy.each_difference([&](const store::ObjectDifference& one) -> Status {
        if (++seen % differences_between_looks == 0) {
            progress.advance(seen);
            BASCULE_CHECK(stop.stop_requested() ? stopped() : copy.check_room());
        }
        return teller.tell(one);
    });
}

}  // namespace

Result<PlanOutcome> make_plan(
    const PlanRequest& request, const PlanFiles& files, const ReadingMeans& means,
    const std::stop_token& stop
) {
    const auto began = std::chrono::steady_clock::now();
    BASCULE_TRY(const auto wanted, wanted_sources(request));
    directory::Registry registry;
    directory::register_internal_types(registry);
    BASCULE_CHECK(request.schemas->register_types(registry));
    means.progress.begin("copying");
    BASCULE_TRY(
        const auto copy,
        store::ScratchCopy::make(files.database, files.folder, registry, means.clock, stop)
    );
    BASCULE_TRY(const auto lines, DifferenceFile::create(files.lines));
    PlanOutcome outcome;
    BASCULE_TRY(const auto joins, join_rules(request.settings, copy->store()));
    BASCULE_TRY(const Readings readings, read_all(wanted, joins, *copy, means, stop));
    Figures figures;
    for (const auto& reading : readings) {
        lines->mix(reading->figures().name + "\n" + reading->fingerprints());
        figures.emplace(reading->id(), reading->figures());
        outcome.holds.push_back(
            {reading->figures().name, reading->fingerprints(), reading->held().to_json()}
        );
    }
    const RuleNames rules(request.running, configured_rules(request.settings));
    BASCULE_CHECK(compare(*copy, *lines, rules, figures, means.progress, stop));
    for (std::size_t i = 0; i < readings.size(); ++i) {
        const auto limits = guard_limits(wanted[i]->guard);
        BASCULE_CHECK(tell_held(
            copy->store(), {wanted[i]->name, readings[i]->held(), readings[i]->former(), limits},
            *lines, figures.at(readings[i]->id()).held
        ));
    }
    BASCULE_CHECK(lines->finish());
    for (const auto& [id, figure] : figures) {
        outcome.sources.push_back(figure);
    }
    outcome.hash = lines->hash();
    outcome.lines = lines->lines();
    outcome.notes = request.notes;
    note_leaving_sources(request, outcome.notes);
    outcome.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return outcome;
}

}  // namespace bascule::daemon
