#include "store/sqlite/text_search.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace bascule::store {
namespace {

constexpr std::size_t width = 16;

// The compiler makes vector instructions of this on every processor that has them.
using Lanes = unsigned char __attribute__((vector_size(width)));

Lanes load(const char* bytes) {
    Lanes lanes;
    std::memcpy(&lanes, bytes, width);
    return lanes;
}

Lanes filled(char byte) {
    std::array<char, width> bytes;
    bytes.fill(byte);
    return load(bytes.data());
}

template <class Hits>
bool any(const Hits& hits) {
    std::array<std::uint64_t, 2> halves;
    static_assert(sizeof halves == sizeof hits);
    std::memcpy(halves.data(), &hits, sizeof hits);
    return (halves[0] | halves[1]) != 0;
}

}  // namespace

std::size_t find_text(std::string_view text, std::string_view wanted, std::size_t from) {
    if (wanted.empty()) {
        return from <= text.size() ? from : std::string_view::npos;
    }
    // Looks at sixteen places at once: the first and the last byte must both fit.
    const std::size_t last = wanted.size() - 1;
    const Lanes first_byte = filled(wanted.front());
    const Lanes last_byte = filled(wanted.back());
    for (; from + last + width <= text.size(); from += width) {
        const auto hits = (load(text.data() + from) == first_byte) &
                          (load(text.data() + from + last) == last_byte);
        if (!any(hits)) {
            continue;
        }
        for (std::size_t at = from; at < from + width; ++at) {
            if (std::memcmp(text.data() + at, wanted.data(), wanted.size()) == 0) {
                return at;
            }
        }
    }
    return text.find(wanted, from);
}

}  // namespace bascule::store
