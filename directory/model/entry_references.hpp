#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/attribute_values.hpp"
#include "directory/model/registry.hpp"

namespace bascule::directory {

/// Somebody whom an entry names.
struct EntryReference {
    EdgeKind kind;
    std::string dn_key;     ///< normalised; empty when the value names a user by uid
    std::string user_name;  ///< memberUid: resolve by userName
};

/// Whom an entry names. The names stay as the entry has them and are read anew each time, because
/// the normal forms of a group's million members take several times what its message takes.
/// Thread-safe when const.
class EntryReferences {
  public:
    /// What a value says; nothing when it names nobody. `user_name`: it is a uid. Pure.
    using Read =
        std::optional<EntryReference> (*)(EdgeKind kind, std::string_view value, bool user_name);
    /// Where one of them stands among them.
    using Place = std::uint32_t;

    EntryReferences() = default;
    explicit EntryReferences(Read read) : read_(read) {}

    void add(EdgeKind kind, AttributeValues values, bool user_names);
    /// Values that name nobody count as well.
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Of a place that each() told.
    [[nodiscard]] EntryReference at(Place place) const;
    /// In the order of the entry; ends with the first failure. `visit(EntryReference, Place)`
    /// returns Status.
    template <typename Visit>
    [[nodiscard]] Status each(Visit&& visit) const {
        for (const Part& part : parts_) {
            for (auto at = part.values.begin(); at != part.values.end(); ++at) {
                auto reference = read_(part.kind, *at, part.user_names);
                if (reference) {
                    const auto place = part.first + part.values.place_of(at);
                    BASCULE_CHECK(visit(*std::move(reference), static_cast<Place>(place)));
                }
            }
        }
        return {};
    }

  private:
    struct Part {
        EdgeKind kind;
        AttributeValues values;
        bool user_names;
        std::size_t first;  ///< place of its first value
    };
    Read read_ = nullptr;
    std::vector<Part> parts_;
    std::size_t size_ = 0;
};

}  // namespace bascule::directory
