#include "connectors/ldap/dialects/active_directory/primary_groups.hpp"

#include <utility>

namespace bascule::ldap {

using std::chrono::steady_clock;

namespace {
/// Reading large groups takes at most this part of the time.
constexpr int cost_factor = 20;
}  // namespace

Status PrimaryGroups::read_pending(bool at_once, const EntryReader::Take& take) {
    if (due_.empty() || (!at_once && steady_clock::now() < not_before_)) {
        return {};
    }
    const auto began = steady_clock::now();
    for (const std::uint32_t group : std::exchange(due_, {})) {
        BASCULE_CHECK(reader_.read_primary_group(group, [&take](EntryReader::Found found) {
            return found.in_scope ? take(std::move(found)) : Status();
        }));
    }
    not_before_ = steady_clock::now() + cost_factor * (steady_clock::now() - began);
    return {};
}

Result<bool> PrimaryGroups::is_anybodys(const Uuid& group) {
    auto known = relative_ids_.find(group);
    if (known == relative_ids_.end()) {
        BASCULE_TRY(auto relative, reader_.relative_id_of(group));
        known = relative_ids_.emplace(group, relative).first;
    }
    if (!known->second) {
        return false;
    }
    const auto relative = *known->second;
    if (const auto asked = is_primary_.find(relative); asked != is_primary_.end()) {
        return asked->second;
    }
    BASCULE_TRY(const bool primary, reader_.is_primary_group(relative));
    is_primary_[relative] = primary;
    return primary;
}

}  // namespace bascule::ldap
