#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "directory/model/object.hpp"

namespace bascule::store {

/// What one connection remembers of objects from which edges start: their rows, and whether edges
/// lead to them in turn. It holds for one state of the database, as the data version of the
/// connection tells.
class AboveCache {
  public:
    struct Entry {
        std::optional<directory::ObjectRow> row;  ///< nothing when the object is not shown
        bool has_more = false;                    ///< edges of the kind lead to it
    };

    /// Forgets everything when the database has changed since.
    void use_for(std::uint32_t data_version) {
        if (data_version != data_version_) {
            entries_.clear();
            data_version_ = data_version;
        }
    }
    [[nodiscard]] const Entry* find(directory::EdgeKind kind, directory::Oid oid) const {
        const auto found = entries_.find(key(kind, oid));
        return found == entries_.end() ? nullptr : &found->second;
    }
    /// The result holds until the next call.
    const Entry& keep(directory::EdgeKind kind, directory::Oid oid, Entry entry) {
        if (entries_.size() >= most_entries) {
            entries_.clear();
        }
        return entries_.insert_or_assign(key(kind, oid), std::move(entry)).first->second;
    }

  private:
    static constexpr std::size_t most_entries = 2000;

    static std::uint64_t key(directory::EdgeKind kind, directory::Oid oid) {
        return (static_cast<std::uint64_t>(oid) << 4U) | static_cast<std::uint64_t>(kind);
    }

    std::uint32_t data_version_ = 0;
    std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace bascule::store
