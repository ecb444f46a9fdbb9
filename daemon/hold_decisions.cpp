#include "daemon/hold_decisions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "daemon/mapped_source.hpp"
#include "directory/mirror/identity.hpp"

namespace bascule::daemon {

using mirror::HeldPlan;
using mirror::HeldSummary;

namespace {

constexpr std::size_t shortest_name = 4;
constexpr std::size_t differences_shown = 5;

bool runs_as_planned(const directory::SourceState& state, const PlannedHold& hold) {
    return state.fingerprint + "\n" + state.mapping_fingerprint == hold.fingerprints;
}

std::string hash_of(const std::string& held) {
    return HeldPlan::parse(held).hash();
}

/// The object ids that a text may mean: an id, an anchor or a DN.
Result<std::vector<Uuid>> ids_for(
    directory::Reader& reader, const std::string& source, const std::string& text
) {
    if (const auto id = parse_uuid(text)) {
        return std::vector<Uuid>{*id, mirror::object_id(source, *id)};
    }
    BASCULE_TRY(const std::string key, ldap::dn_key(text));
    BASCULE_TRY(const auto state, reader.source_state(source));
    if (!state) {
        return std::vector<Uuid>();
    }
    BASCULE_TRY(const auto entry, reader.find_entry(state->id, key));
    return entry ? std::vector<Uuid>{mirror::object_id(source, entry->anchor)}
                 : std::vector<Uuid>();
}

Result<mirror::HoldSelection> selection_of(
    const Core& core, const std::string& source, const HoldRequest& request
) {
    mirror::HoldSelection selection;
    BASCULE_CHECK(core.store->read([&](directory::Reader& reader) -> Status {
        for (const std::string& text : request.only) {
            BASCULE_TRY(const auto ids, ids_for(reader, source, text));
            selection.ids.insert(ids.begin(), ids.end());
            // What nothing is known of selects nothing, rather than everything.
            selection.ids.insert(Uuid{});
        }
        return {};
    }));
    for (const std::string& text : request.below) {
        BASCULE_TRY(std::string key, ldap::dn_key(text));
        selection.below.push_back(std::move(key));
    }
    return selection;
}

std::string list_of(const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, "; "));
}

/// Tells in what the held set of a source is not the planned one.
Result<Error> changed_error(
    const Core& core, const KeptPlan& plan, const PlannedHold& hold, const std::string& held
) {
    mirror::PlanComparison comparison;
    BASCULE_CHECK(core.store->read([&](directory::Reader& reader) -> Status {
        const mirror::ObjectIds ids(hold.source);
        BASCULE_TRY(
            comparison,
            mirror::compare_plans(
                reader, ids, HeldPlan::parse(hold.held), HeldPlan::parse(held), differences_shown
            )
        );
        return {};
    }));
    std::string detail = fmt::format(
        "What is held of source '{}' is not what plan {} showed.", hold.source,
        plan.hash.substr(0, 8)
    );
    if (!comparison.added.empty()) {
        detail += " Held and not planned: " + list_of(comparison.added) + ".";
    }
    if (!comparison.missing.empty()) {
        detail += " Planned and not held: " + list_of(comparison.missing) + ".";
    }
    detail += " Nothing was changed. Look at it (bascule hold list), or make the plan again.";
    return Error{ErrorKind::conflict, "plan_changed", detail, {}, {}, {}};
}

/// Holds the source exactly what the plan has announced, under the planned configuration?
Status check_planned(
    const Core& core, const Sources& sources, const KeptPlan& plan, const PlannedHold& hold
) {
    BASCULE_TRY(const auto state, stored_state(*core.store, hold.source));
    const bool as_planned = runs_as_planned(state, hold);
    if (as_planned && hash_of(state.held_plan) == hash_of(hold.held)) {
        return {};
    }
    const auto statuses = sources.statuses();
    const auto status =
        std::ranges::find(statuses, hold.source, [](const auto& one) { return one.name; });
    const bool configured = sources.find_mapper(hold.source) != nullptr;
    if (configured && status != statuses.end() && status->state != "live") {
        return fail(
            ErrorKind::conflict, "source_not_live",
            fmt::format(
                "Source '{}' is {} and its guard has not decided yet. Nothing was changed. Try "
                "again when it is live: bascule status",
                hold.source, status->state
            )
        );
    }
    if (!configured || !as_planned) {
        return fail(
            ErrorKind::conflict, "plan_not_applied",
            fmt::format(
                "Plan {} was made for another configuration than the one under which source '{}' "
                "runs. Nothing was changed. Take the configuration over first: bascule reload",
                plan.hash.substr(0, 8), hold.source
            )
        );
    }
    BASCULE_TRY(Error error, changed_error(core, plan, hold, state.held_plan));
    return fail(std::move(error));
}

Result<std::string> decide_source(
    const Core& core, const Sources& sources, const std::string& source, const std::string& hash,
    const HoldRequest& request, const access::Caller& caller
) {
    BASCULE_TRY(const auto selection, selection_of(core, source, request));
    mirror::HoldService service(*core.store, sources.joins());
    BASCULE_TRY(
        const std::size_t count,
        service.decide(
            {source, hash, request.approve, selection, caller.actor}, *sources.find_mapper(source)
        )
    );
    return request.approve
               ? fmt::format("{} removals of source {} were carried out.", count, source)
               : fmt::format(
                     "{} removals were dropped; source {} keeps what it would have lost.", count,
                     source
                 );
}

Result<std::string> decide_planned(
    const Core& core, const Sources& sources, const KeptPlan& plan, const HoldRequest& request,
    const access::Caller& caller
) {
    for (const PlannedHold& hold : plan.holds) {
        BASCULE_CHECK(check_planned(core, sources, plan, hold));
    }
    std::string summary;
    for (const PlannedHold& hold : plan.holds) {
        BASCULE_TRY(
            const std::string one,
            decide_source(core, sources, hold.source, hash_of(hold.held), request, caller)
        );
        summary += (summary.empty() ? "" : " ") + one;
    }
    return summary;
}

}  // namespace

Result<std::vector<HeldSummary>> named_holds(const Core& core, const Sources& sources) {
    BASCULE_TRY(auto all, sources.holds());
    const std::vector<KeptPlan> plans = core.plans->kept().all();
    for (HeldSummary& summary : all) {
        BASCULE_TRY(const auto state, stored_state(*core.store, summary.source));
        for (auto plan = plans.rbegin(); plan != plans.rend(); ++plan) {
            for (const PlannedHold& hold : plan->holds) {
                if (hold.source == summary.source && runs_as_planned(state, hold) &&
                    hash_of(hold.held) == hash_of(state.held_plan)) {
                    summary.hash = plan->hash;
                }
            }
        }
    }
    return all;
}

Result<std::string> decide_hold(
    const Core& core, const Sources& sources, const HoldRequest& request,
    const access::Caller& caller
) {
    if (const auto plan = core.plans->kept().find(request.plan)) {
        return decide_planned(core, sources, *plan, request, caller);
    }
    BASCULE_TRY(const auto held, mirror::HoldService(*core.store).list(0));
    for (const HeldSummary& summary : held) {
        if (request.plan.size() >= shortest_name && summary.hash.starts_with(request.plan) &&
            sources.find_mapper(summary.source) != nullptr) {
            return decide_source(core, sources, summary.source, summary.hash, request, caller);
        }
    }
    return fail(
        ErrorKind::not_found, "unknown_plan",
        "No held plan is called '" + request.plan +
            "'; it may have changed since it was listed. See: bascule hold list"
    );
}

}  // namespace bascule::daemon
