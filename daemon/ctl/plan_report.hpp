#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule::daemon::ctl {

/// A finished plan in words, as `bascule plan` prints it. `result` is that of "/v1/plan".
[[nodiscard]] std::string plan_report(const nlohmann::json& result);

/// One line about a plan in progress: "reading corp  41,000 of 104,212 entries, 52,000/s, 1.2 s
/// left".
[[nodiscard]] std::string plan_progress(const nlohmann::json& state);

}  // namespace bascule::daemon::ctl
