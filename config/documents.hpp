#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace bascule::config {

/// The default file: six lines that are enough, or every key with its explanation (keys without a
/// default are commented out with an example).
[[nodiscard]] std::string annotated_default(bool full);

/// JSON Schema (draft 2020-12) of the file, for editors.
[[nodiscard]] std::string json_schema();

/// The reference page, docs/reference/config.md.
[[nodiscard]] std::string reference_markdown();

/// All settings in force as YAML; secrets appear as the place they come from.
[[nodiscard]] std::string redacted(const Settings& settings);

/// Paths of options that differ and take effect only after a restart: those marked so, TLS turned on
/// or off, and the name of a source that stays (the same servers and base). A source that was added
/// or removed needs none.
[[nodiscard]] std::vector<std::string> restart_needed(
    const Settings& running, const Settings& wanted
);

}  // namespace bascule::config
