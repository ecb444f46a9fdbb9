#include "directory/mirror/reference_index.hpp"

#include <bit>
#include <functional>

namespace bascule::mirror {

ReferenceIndex::ReferenceIndex(const References& references, directory::EdgeKind kind)
    : references_(references),
      slots_(std::bit_ceil(2 * references.size() + 1)),
      repeated_(references.size()) {
    for (std::size_t number = 0; number < references.size(); ++number) {
        if (references[number].kind != kind || references[number].dn_key.empty())
            continue;
        auto& slot = slots_[slot_of(references[number].dn_key)];
        repeated_[number] = slot != 0;
        if (slot == 0)
            slot = static_cast<std::uint32_t>(number + 1);
    }
}

std::size_t ReferenceIndex::slot_of(std::string_view dn_key) const {
    std::size_t at = std::hash<std::string_view>{}(dn_key) & (slots_.size() - 1);
    while (slots_[at] != 0 && references_[slots_[at] - 1].dn_key != dn_key)
        at = (at + 1) & (slots_.size() - 1);
    return at;
}

std::size_t ReferenceIndex::find(std::string_view dn_key) const {
    const auto slot = slots_[slot_of(dn_key)];
    return slot == 0 ? none : slot - 1;
}

}  // namespace bascule::mirror
