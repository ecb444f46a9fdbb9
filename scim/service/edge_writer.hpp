#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "directory/authority/authority.hpp"
#include "directory/ports/store.hpp"
#include "scim/patch/patch.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// What a request changed among the edges of one kind.
struct EdgeDelta {
    directory::EdgeKind kind{};
    std::uint64_t added = 0;
    std::uint64_t added_groups = 0;  ///< of those added
    std::uint64_t removed = 0;
    /// Ids for the journal; long lists are cut.
    std::vector<Uuid> added_ids;
    std::vector<Uuid> removed_ids;
};

/// Carries out changes of edge attributes as set operations inside a transaction, so that
/// concurrent changes of one group all survive. The references outlive the writer.
class EdgeWriter {
  public:
    EdgeWriter(
        const Engine& engine, const TypeView& view, directory::Transaction& transaction,
        const directory::ObjectRow& owner, const authority::Authority& authority,
        const ClientProfile& profile
    );

    /// `invalid_value` naming unknown targets; `mutability` when the owner's source masters the
    /// edges and something would change.
    [[nodiscard]] Status apply(const EdgeChange& change);

    /// One per kind that changed.
    [[nodiscard]] const std::vector<EdgeDelta>& deltas() const { return deltas_; }

  private:
    struct Plan {
        std::vector<directory::ObjectRow> add;
        std::vector<directory::ObjectRow> remove;
        bool removes_all = false;  ///< no present edge stays
    };

    [[nodiscard]] Result<std::vector<directory::ObjectRow>> resolve(const EdgeChange& change) const;
    [[nodiscard]] Result<std::vector<directory::ObjectRow>> present_targets(directory::EdgeKind kind
    ) const;
    [[nodiscard]] Result<Plan> plan(const EdgeChange& change) const;
    [[nodiscard]] Result<Plan> plan_replacement(
        directory::EdgeKind kind, std::vector<directory::ObjectRow> wanted
    ) const;
    [[nodiscard]] Status require_authority(directory::EdgeKind kind) const;
    /// Against a request that takes all members away at once, when the profile refuses that.
    [[nodiscard]] Status check_not_emptied(directory::EdgeKind kind, const Plan& plan) const;
    [[nodiscard]] Status carry_out(directory::EdgeKind kind, const Plan& plan);
    [[nodiscard]] bool is_multi_valued(directory::EdgeKind kind) const;
    EdgeDelta& delta_of(directory::EdgeKind kind);

    const Engine& engine_;
    const TypeView& view_;
    directory::Transaction& transaction_;
    const directory::ObjectRow& owner_;
    const authority::Authority& authority_;
    const ClientProfile& profile_;
    std::vector<EdgeDelta> deltas_;
};

}  // namespace bascule::scim
