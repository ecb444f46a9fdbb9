#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "directory/model/entry_references.hpp"

namespace bascule::mirror {

/// Under which a reference waits for what it names, or finds it.
[[nodiscard]] std::string key_of(const directory::EntryReference& reference);

/// Ticks off the references of one kind that an entry makes, each name once. Sixteen to thirty-two
/// bytes for each; refers to the references.
class ReferenceIndex {
  public:
    ReferenceIndex(const directory::EntryReferences& references, directory::EdgeKind kind);

    /// Ticks off the reference with this normal form; false when there is none, or it is ticked off
    /// already.
    [[nodiscard]] bool tick_off(std::string_view dn_key);
    /// The others, in the order of the entry.
    [[nodiscard]] std::vector<directory::EntryReferences::Place> remaining() const;

  private:
    struct Slot {
        std::uint32_t after = 0;  ///< the reference's place and one; 0: free
        std::uint32_t hash = 0;   ///< a part that the slot's number does not tell
    };
    [[nodiscard]] std::size_t slot_of(std::string_view key, std::size_t hash) const;

    const directory::EntryReferences& references_;
    std::vector<Slot> slots_;
    std::vector<bool> ticked_;
};

}  // namespace bascule::mirror
