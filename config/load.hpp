#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/settings.hpp"
#include "config/value_reader.hpp"

namespace bascule::config {

/// What reading a configuration file gave. There are settings exactly when there is no error.
struct LoadOutcome {
    std::optional<Settings> settings;
    std::vector<Diagnostic> diagnostics;  ///< by place in the file
    Places places;                        ///< of the keys in the file
    bool readable = true;                 ///< false when the file could not be read at all
    std::size_t options_set = 0;
    std::size_t options_default = 0;

    /// Takes in what others found in the settings. With an error the settings are gone.
    void add(std::vector<Diagnostic> found);
    [[nodiscard]] std::size_t errors() const;
    [[nodiscard]] std::size_t warnings() const;
    /// "2 errors, 1 warning (22 options set, 61 defaults)."
    [[nodiscard]] std::string summary() const;
    /// Of `bascule check`: 0 good (warnings too), 1 errors found, 2 the file could not be read.
    [[nodiscard]] int exit_code() const;
};

/// Reads and checks a configuration file; reports everything that is wrong at once.
[[nodiscard]] LoadOutcome load_file(const std::string& path, Secrets secrets = Secrets::required);

/// The same for text; `file` names it in diagnostics.
[[nodiscard]] LoadOutcome load_text(
    std::string_view text, const std::string& file, Secrets secrets = Secrets::required
);

}  // namespace bascule::config
