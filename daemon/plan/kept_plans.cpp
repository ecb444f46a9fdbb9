#include "daemon/plan/kept_plans.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "directory/base/private_file.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

constexpr std::size_t most = 10;
constexpr std::size_t shortest_name = 4;

json describe(const KeptPlan& plan) {
    json holds = json::array();
    for (const PlannedHold& hold : plan.holds) {
        holds.push_back(
            {{"source", hold.source}, {"fingerprints", hold.fingerprints}, {"held", hold.held}}
        );
    }
    return {{"plan", plan.hash}, {"made", format_time(plan.made)}, {"holds", std::move(holds)}};
}

KeptPlan parse(const json& value) {
    KeptPlan plan;
    plan.hash = value.value("plan", "");
    if (const auto made = parse_time(value.value("made", ""))) {
        plan.made = *made;
    }
    for (const json& hold : value.value("holds", json::array())) {
        plan.holds.push_back(
            {hold.value("source", ""), hold.value("fingerprints", ""), hold.value("held", "")}
        );
    }
    return plan;
}

}  // namespace

std::vector<KeptPlan> KeptPlans::read() const {
    std::vector<KeptPlan> plans;
    std::ifstream file(path_, std::ios::binary);
    for (std::string line; std::getline(file, line);) {
        if (const json value = json::parse(line, nullptr, false); value.is_object()) {
            plans.push_back(parse(value));
        }
    }
    return plans;
}

Status KeptPlans::keep(const PlanOutcome& outcome, Time now) {
    KeptPlan plan{outcome.hash, now, {}};
    for (const PlannedHold& hold : outcome.holds) {
        if (!hold.held.empty()) {
            plan.holds.push_back(hold);
        }
    }
    if (plan.holds.empty()) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    std::string text = describe(plan).dump() + "\n";
    std::size_t count = 1;
    for (const KeptPlan& former : read()) {
        if (former.hash != plan.hash && ++count <= most) {
            text += describe(former).dump() + "\n";
        }
    }
    return write_private_file(path_, text);
}

std::vector<KeptPlan> KeptPlans::all() const {
    const std::lock_guard lock(mutex_);
    return read();
}

std::optional<KeptPlan> KeptPlans::find(std::string_view name) const {
    if (name.size() < shortest_name) {
        return std::nullopt;
    }
    for (KeptPlan& plan : all()) {
        if (plan.hash.starts_with(name)) {
            return std::move(plan);
        }
    }
    return std::nullopt;
}

}  // namespace bascule::daemon
