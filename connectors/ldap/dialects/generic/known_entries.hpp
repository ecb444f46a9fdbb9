#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "directory/base/uuid.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// What a polled entry looked like, as hashes.
struct EntryMark {
    std::uint64_t dn = 0;
    std::uint64_t stamp = 0;
    std::uint64_t content = 0;  ///< of the attributes that were read
};

/// The mark of an entry whose csn is filled. The order of attributes and values
/// does not matter.
[[nodiscard]] EntryMark mark_of(const directory::SourceEntry& entry);

/// What was handed over to the mirror, so that a poll hands over only what differs.
class KnownEntries {
  public:
    enum class Change {
        none,
        modified,
        appeared,  ///< unknown before
        moved,     ///< under another DN than before
    };

    /// Compares and keeps.
    [[nodiscard]] Change take(const directory::SourceEntry& entry);
    /// What the mirror holds from an earlier run: its content is not known.
    void remember(const directory::MirrorEntry& held);
    /// Whether a listing shows it under the DN and with the stamp that it was handed over with.
    [[nodiscard]] bool is_as_listed(const directory::SourceEntry& entry) const;
    void forget(const Uuid& anchor) { marks_.erase(anchor); }
    void clear() { marks_.clear(); }
    [[nodiscard]] bool empty() const { return marks_.empty(); }
    [[nodiscard]] std::size_t size() const { return marks_.size(); }
    /// Those that `is_listed` denies.
    template <class Predicate>
    [[nodiscard]] std::vector<Uuid> without(Predicate is_listed) const {
        std::vector<Uuid> missing;
        for (const auto& [anchor, mark] : marks_) {
            if (!is_listed(anchor)) {
                missing.push_back(anchor);
            }
        }
        return missing;
    }

  private:
    std::unordered_map<Uuid, EntryMark> marks_;
};

}  // namespace bascule::ldap
