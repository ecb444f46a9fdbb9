#include "directory/mirror/reference_index.hpp"

#include <algorithm>
#include <bit>
#include <functional>

#include "directory/mirror/identity.hpp"

namespace bascule::mirror {

using directory::EntryReference;
using directory::EntryReferences;

namespace {

std::size_t hash_of(std::string_view key) {
    return std::hash<std::string_view>{}(key);
}

std::uint32_t upper_half(std::size_t hash) {
    return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

std::string key_of(const EntryReference& reference) {
    return reference.dn_key.empty() ? user_name_key(reference.user_name) : reference.dn_key;
}

ReferenceIndex::ReferenceIndex(const EntryReferences& references, directory::EdgeKind kind)
    : references_(references),
      slots_(std::bit_ceil(2 * references.size() + 1)),
      ticked_(slots_.size()) {
    static_cast<void>(references.each(
        [&](const EntryReference& reference, EntryReferences::Place place) -> Status {
            if (reference.kind != kind)
                return {};
            const std::string key = key_of(reference);
            const std::size_t hash = hash_of(key);
            Slot& slot = slots_[slot_of(key, hash)];
            if (slot.after == 0)
                slot = {place + 1, upper_half(hash)};
            return {};
        }
    ));
}

std::size_t ReferenceIndex::slot_of(std::string_view key, std::size_t hash) const {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].after != 0 && (slots_[at].hash != upper_half(hash) ||
                                     key_of(references_.at(slots_[at].after - 1)) != key))
        at = (at + 1) & (slots_.size() - 1);
    return at;
}

bool ReferenceIndex::tick_off(std::string_view dn_key) {
    const std::size_t slot = slot_of(dn_key, hash_of(dn_key));
    const bool waits = slots_[slot].after != 0 && !ticked_[slot];
    ticked_[slot] = ticked_[slot] || waits;
    return waits;
}

std::vector<EntryReferences::Place> ReferenceIndex::remaining() const {
    std::vector<EntryReferences::Place> out;
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
        if (slots_[slot].after != 0 && !ticked_[slot])
            out.push_back(slots_[slot].after - 1);
    }
    std::ranges::sort(out);
    return out;
}

}  // namespace bascule::mirror
