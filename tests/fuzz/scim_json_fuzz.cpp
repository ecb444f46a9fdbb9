#include <cstddef>
#include <cstdint>

#include "tests/fuzz/scim_targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bascule::scim::fuzz::json({reinterpret_cast<const char*>(data), size});
    return 0;
}
