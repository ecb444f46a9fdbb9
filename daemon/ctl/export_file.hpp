#pragma once

#include <string>

#include "daemon/ctl/api_client.hpp"

namespace bascule::daemon::ctl {

/// The whole of a file; `unavailable`/"unreadable".
[[nodiscard]] Result<std::string> file_text(const std::string& path);

/// Writes what `target` gives piece by piece into a file that only its owner may read. `target`
/// ends with '?' or with a parameter and '&'. `unavailable`/"not_written".
[[nodiscard]] Status export_lines(
    const ApiClient& client, const std::string& target, const std::string& path
);

}  // namespace bascule::daemon::ctl
