#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "directory/access/decision.hpp"
#include "directory/ports/store.hpp"

namespace bascule::access {

/// Loads from the store what decide() needs. Reads at every call, so a role that is given or taken
/// counts from the next request on. Thread-safe; the registry outlives it.
class AccessResolver {
  public:
    explicit AccessResolver(const directory::Registry& registry);

    /// Every role assignment of a user or a program: its own, and for users those of the
    /// role-assignable groups in which the user is a direct member. Assignments whose unit is gone
    /// are left out.
    [[nodiscard]] Result<std::vector<Assignment>> assignments_of(
        directory::Reader& reader, const Uuid& principal
    ) const;

    /// The person who is acted on. `user` may be a deleted row.
    [[nodiscard]] Result<Target> target(
        directory::Reader& reader, const directory::ObjectRow& user, const Uuid& actor
    ) const;

    /// Does the principal hold one of these roles for the whole organisation?
    [[nodiscard]] Result<bool> holds_for_organisation(
        directory::Reader& reader, const Uuid& principal, std::span<const Role> roles
    ) const;

    /// Is the administrative unit one of restricted management?
    [[nodiscard]] static bool is_restricted_unit(const directory::Object& unit);
    /// Is it a group whose members inherit roles? Never a synced one.
    [[nodiscard]] bool is_role_assignable(const directory::Object& group) const;

  private:
    enum class Link { member, member_or_owner };
    [[nodiscard]] Result<std::vector<directory::Object>> role_groups(
        directory::Reader& reader, directory::Oid user, Link link
    ) const;
    [[nodiscard]] Status append_assignments(
        directory::Reader& reader, const Uuid& principal, std::vector<Assignment>& out
    ) const;

    directory::TypeId group_type_;
    directory::TypeId user_type_;
    std::optional<directory::AttributeId> principal_;
    directory::Query role_assignable_groups_;
    std::string role_assignable_extension_;
};

}  // namespace bascule::access
