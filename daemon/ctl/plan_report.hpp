#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule::daemon::ctl {

/// A finished plan in words, as `bascule plan` prints it. `result` is that of "/v1/plan".
[[nodiscard]] std::string plan_report(const nlohmann::json& result);

/// What rules beside those in force would change, of one source or of all (empty). `result` is that
/// of "/v1/what-if".
[[nodiscard]] std::string what_if_report(const nlohmann::json& result, const std::string& source);

/// One line about a plan in progress: "reading corp  41,000 of 104,212 entries, 52,000/s, 1.2 s
/// left".
[[nodiscard]] std::string plan_progress(const nlohmann::json& state);

}  // namespace bascule::daemon::ctl
