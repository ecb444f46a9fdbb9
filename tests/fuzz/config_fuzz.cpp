#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/documents.hpp"
#include "config/load.hpp"

/// Any bytes: no crash, an outcome that agrees with itself, and settings that survive being written
/// out and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bascule::config;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const LoadOutcome first = load_text(text, "fuzz", Secrets::checked);
    if (first.settings.has_value() != (first.errors() == 0)) {
        std::abort();
    }
    if (first.settings) {
        const std::string written = redacted(*first.settings);
        const LoadOutcome second = load_text(written, "written", Secrets::checked);
        if (!second.settings || redacted(*second.settings) != written) {
            std::abort();
        }
    }
    return 0;
}
