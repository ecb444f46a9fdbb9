#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bascule::daemon::ctl {

/// Rows as columns of equal width, two spaces apart, without blanks at the end. Control characters
/// are replaced.
[[nodiscard]] std::string text_table(const std::vector<std::vector<std::string>>& rows);

/// 104224 as "104,224".
[[nodiscard]] std::string grouped(std::int64_t value);

/// "0.8 s", "12 min", "3 h", "5 d".
[[nodiscard]] std::string rough_duration(double seconds);

}  // namespace bascule::daemon::ctl
