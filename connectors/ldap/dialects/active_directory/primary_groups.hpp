#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "connectors/ldap/dialects/active_directory/entry_reader.hpp"

namespace bascule::ldap {

/// Groups that are the primary group of accounts (primaryGroupID). They do not name these members,
/// and nothing tells of the group when one joins. Used by one thread.
class PrimaryGroups {
  public:
    /// `reader` outlives it.
    explicit PrimaryGroups(EntryReader& reader) : reader_(reader) {}

    /// An account has this primary group.
    void found(std::uint32_t group) { is_primary_[group] = true; }
    /// An account joined it: the group is to be read anew.
    void joined(std::uint32_t group) { due_.insert(group); }
    /// Groups wait to be read.
    [[nodiscard]] bool pending() const { return !due_.empty(); }
    /// Reads the groups that wait. That costs as much as a group is large, so it is put off in
    /// proportion, unless it must be `at_once`.
    [[nodiscard]] Status read_pending(bool at_once, const EntryReader::Take& take);
    /// Whether the group is anybody's primary group, as far as is known.
    [[nodiscard]] Result<bool> is_anybodys(const Uuid& group);

  private:
    EntryReader& reader_;
    std::set<std::uint32_t> due_;
    std::chrono::steady_clock::time_point not_before_{};
    std::map<Uuid, std::optional<std::uint32_t>> relative_ids_;  ///< of groups that were asked for
    std::map<std::uint32_t, bool> is_primary_;
};

}  // namespace bascule::ldap
