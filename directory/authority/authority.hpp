#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/object.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::authority {

/// A mirrored source as refusals name it, with what its mapping fills.
struct Master {
    std::string name;
    const directory::EntryMapper* mapper = nullptr;  ///< outlives the Authority
    /// Names of users' attributes that are changed by writing them to the source.
    std::vector<std::string> written_back = {};
};

/// The one answer to "may this be changed here?". Immutable, thread-safe; a reload builds a new
/// one.
class Authority {
  public:
    explicit Authority(std::unordered_map<directory::SourceId, Master> masters);

    /// May attribute `path` of the object be written here? Local objects: yes. Synced objects: only
    /// what the mapping does not fill. Refusal: `conflict`/"mutability", naming the source and `dn`
    /// when known.
    [[nodiscard]] Status may_write(
        const directory::Registry& registry, const directory::ObjectRow& object,
        const directory::AttributePath& path, std::string_view dn = {}
    ) const;
    /// Is attribute `path` of a synced user changed by writing it to the object's source?
    [[nodiscard]] bool writes_back(
        const directory::Registry& registry, const directory::ObjectRow& object,
        const directory::AttributePath& path
    ) const;
    /// May edges of `kind` start or end at this object here? Membership of a synced group may not
    /// change.
    [[nodiscard]] Status may_write_edges(
        const directory::Registry& registry, const directory::ObjectRow& object,
        directory::EdgeKind kind, std::string_view dn = {}
    ) const;
    /// May the object be deleted here? Synced ones not.
    [[nodiscard]] Status may_delete(
        const directory::Registry& registry, const directory::ObjectRow& object,
        std::string_view dn = {}
    ) const;
    /// Refuses a group that is mastered on-premises as a self-service target: `policy_rejected`/
    /// "on_premises_group" with what to do instead. Every path that makes a group a target calls
    /// it.
    [[nodiscard]] Status require_self_service_target(const directory::ObjectRow& group) const;

    [[nodiscard]] std::string source_name(directory::SourceId source) const;

  private:
    std::unordered_map<directory::SourceId, Master> masters_;
};

}  // namespace bascule::authority
