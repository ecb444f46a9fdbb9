#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "directory/base/time.hpp"

namespace bascule::mirror {

/// How much may go without asking.
struct GuardLimits {
    double delete_percent = 1.0;
    std::size_t delete_at_least =
        25;  ///< so many may always go, in directories below 5,000 entries
    double emptied_percent =
        50.0;  ///< more than this in one refresh is an emptied directory, however small
    double membership_percent = 50.0;      ///< of one group
    std::size_t membership_at_least = 20;  ///< groups up to this size are not guarded
    double attribute_percent = 5.0;        ///< of the objects, for one attribute within a refresh
    std::size_t attribute_at_least = 5;    ///< so many may always lose it
};

/// Decides whether removals are plausible. It sees a plan before anything is applied, and counts
/// live deletes over the last 10 minutes and 24 hours, because a change feed brings a mass delete
/// one by one. The windows live in memory: a restart of the program empties them, and what went
/// before it is not counted again. Not thread-safe; time is given.
class RemovalGuard {
  public:
    explicit RemovalGuard(GuardLimits limits) : limits_(limits) {}

    /// May `count` of `total` served objects go after a refresh? Never when that empties the
    /// source: more than emptied_percent of at least ten, or all of at least two.
    [[nodiscard]] bool allows_refresh(std::size_t count, std::size_t total) const;
    /// May `count` more go now, live, together with what went within the windows?
    [[nodiscard]] bool allows_live(std::size_t count, std::size_t total, Time now) const;
    /// Remembers live deletes that were committed.
    void record(std::size_t count, Time now);
    /// May `count` of a group's `total` members leave at once?
    [[nodiscard]] bool allows_membership(std::size_t count, std::size_t total) const;
    /// May `count` of `total` objects lose one attribute within a refresh?
    [[nodiscard]] bool allows_attribute_loss(std::size_t count, std::size_t total) const;

  private:
    [[nodiscard]] std::size_t delete_limit(std::size_t total) const;
    [[nodiscard]] std::size_t gone_since(Time from) const;

    GuardLimits limits_;
    std::deque<std::pair<Time, std::size_t>> gone_;
};

}  // namespace bascule::mirror
