#include "daemon/plan/candidate.hpp"

#include "config/load.hpp"
#include "daemon/ctl/mapping_check.hpp"

namespace bascule::daemon {

Result<config::Settings> read_candidate(const std::string& text, const std::string& file) {
    config::LoadOutcome outcome = config::load_text(text, file);
    ctl::check_mappings(outcome, file);
    if (outcome.settings) {
        return *std::move(outcome.settings);
    }
    std::string lines;
    for (const config::Diagnostic& diagnostic : outcome.diagnostics) {
        lines += diagnostic.to_string() + "\n";
    }
    return fail(
        ErrorKind::invalid_input, "invalid_config",
        lines + outcome.summary() + " Nothing was changed."
    );
}

}  // namespace bascule::daemon
