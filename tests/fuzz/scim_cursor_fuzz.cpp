#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "directory/base/sealed_text.hpp"
#include "scim/service/page_cursor.hpp"

namespace bascule::scim {
namespace {

void require(bool held) {
    if (!held) {
        std::abort();
    }
}

/// Bytes are refused, or are a cursor that is written as the same bytes. As a sealed text they
/// never open, and what is sealed opens as it was.
void cursor(std::string_view input) {
    if (const auto parsed = parse_cursor(input)) {
        require(write_cursor(*parsed) == input);
    }
    static const Sealer sealer(Secret(std::string(Sealer::secret_size, 'k')), "fuzzing1");
    require(!sealer.open(input, "bound"));
    const std::string sealed = sealer.seal(input, "bound");
    require(sealer.open(sealed, "bound") == input);
    require(!sealer.open(sealed, "other"));
}

}  // namespace
}  // namespace bascule::scim

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bascule::scim::cursor({reinterpret_cast<const char*>(data), size});
    return 0;
}
