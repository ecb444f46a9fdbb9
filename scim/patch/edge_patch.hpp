#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "scim/patch/attribute_patch.hpp"
#include "scim/patch/patch.hpp"

namespace bascule::scim {

/// Collects what the operations of one message do to attributes that are kept as edges: members,
/// manager.
class EdgePatch {
  public:
    /// One operation; `value` is null for a missing one. Errors: `mutability`, `invalid_filter`,
    /// `invalid_path`, `invalid_value`.
    [[nodiscard]] Status apply(
        PatchKind kind, const PatchPath& path, const nlohmann::ordered_json* value
    );
    [[nodiscard]] std::vector<EdgeChange> take() { return std::move(changes_); }

  private:
    [[nodiscard]] Status apply_to_list(
        PatchKind kind, const PatchPath& path, const nlohmann::ordered_json* value
    );
    [[nodiscard]] Status apply_to_single(
        PatchKind kind, const PatchPath& path, const nlohmann::ordered_json* value
    );
    void add(EdgeChange::Action action, directory::EdgeKind kind, std::vector<std::string> targets);

    std::vector<EdgeChange> changes_;
};

}  // namespace bascule::scim
