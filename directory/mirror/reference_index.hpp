#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "directory/ports/entry_mapper.hpp"

namespace bascule::mirror {

/// The references of one kind that an entry makes by DN, found by the DN's normal form. Eight to
/// sixteen bytes for each; refers to the references, which must stay where they are.
class ReferenceIndex {
  public:
    using References = std::vector<directory::MappedEntry::Reference>;
    ReferenceIndex(const References& references, directory::EdgeKind kind);

    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    /// The first reference with this normal form; none when there is none.
    [[nodiscard]] std::size_t find(std::string_view dn_key) const;
    /// Whether an earlier reference has the same normal form.
    [[nodiscard]] bool is_repeated(std::size_t reference) const { return repeated_[reference]; }

  private:
    [[nodiscard]] std::size_t slot_of(std::string_view dn_key) const;

    const References& references_;
    std::vector<std::uint32_t> slots_;  ///< number of a reference and one; 0: free
    std::vector<bool> repeated_;
};

}  // namespace bascule::mirror
