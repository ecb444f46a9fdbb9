#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::mirror {

/// How much may go without asking.
struct GuardLimits {
    double delete_percent = 1.0;
    std::size_t delete_at_least =
        25;  ///< so many may always go, in directories below 5,000 entries
    double emptied_percent =
        50.0;  ///< more than this in one refresh is an emptied directory, however small
    double membership_percent = 50.0;          ///< of one group
    std::size_t membership_at_least = 20;      ///< groups up to this size are not guarded
    double attribute_percent = 5.0;            ///< of the objects, for one attribute
    std::size_t attribute_at_least = 5;        ///< so many may always lose it in one refresh
    std::size_t attribute_live_at_least = 25;  ///< and so many within the window
};

/// Counts what went over the last 24 hours, less what came back meanwhile.
class SlidingCount {
  public:
    void add(std::int64_t count, Time now);
    /// Never negative.
    [[nodiscard]] std::size_t within_window(Time now) const;
    /// Takes over what another one counted.
    void add_all(const SlidingCount& other);
    [[nodiscard]] bool is_over(Time now) const;

  private:
    std::deque<std::pair<Time, std::int64_t>> counts_;
};

/// Decides whether removals are plausible. It sees a refresh as a plan before anything of it is
/// applied, and counts over the last 24 hours, because a change feed brings a mass delete one by
/// one: deletes, members of each group, and losses of each attribute. What a transaction counts is
/// kept aside until commit(). The windows live in memory: a restart of the program empties them,
/// and what went before it is not counted again. Not thread-safe; time is given.
class RemovalGuard {
  public:
    explicit RemovalGuard(GuardLimits limits) : limits_(limits) {}

    /// May `count` of `total` served objects go after a refresh? Never when that empties the
    /// source: more than emptied_percent of at least ten, or all of at least two.
    [[nodiscard]] bool allows_refresh(std::size_t count, std::size_t total) const;
    /// May `count` more go now, live, together with what went within the window?
    [[nodiscard]] bool allows_live(std::size_t count, std::size_t total, Time now) const;
    void record(std::size_t count, Time now);

    /// May `count` of a group's `total` members leave now, together with those who left within the
    /// window and were not replaced?
    [[nodiscard]] bool allows_leaving(
        const Uuid& group, std::size_t count, std::size_t total, Time now
    ) const;
    void record_left(const Uuid& group, std::size_t count, Time now);
    void record_joined(const Uuid& group, std::size_t count, Time now);

    /// May `count` of `total` objects lose one attribute within a refresh?
    [[nodiscard]] bool allows_attribute_loss(std::size_t count, std::size_t total) const;
    /// May one more of `total` lose it now, live?
    [[nodiscard]] bool allows_live_loss(const std::string& attribute, std::size_t total, Time now)
        const;
    void record_loss(const std::string& attribute, std::size_t count, Time now);

    /// What went within the window: objects, members of a group, values of an attribute.
    [[nodiscard]] std::size_t gone(Time now) const;
    [[nodiscard]] std::size_t gone_of(const Uuid& group, Time now) const;
    [[nodiscard]] std::size_t lost_of(const std::string& attribute, Time now) const;
    /// The limits, for telling whether they are others.
    [[nodiscard]] std::string limits_text() const;

    /// What was recorded since the last commit() counts from now on; forgets what is older than
    /// the window.
    void commit(Time now);
    /// What was recorded since the last commit() did not happen.
    void roll_back() { recorded_ = {}; }

  private:
    struct Gone {
        SlidingCount objects;
        std::unordered_map<Uuid, SlidingCount> members;               ///< by group
        std::map<std::string, SlidingCount, std::less<>> attributes;  ///< by name
    };
    [[nodiscard]] std::size_t delete_limit(std::size_t total) const;

    GuardLimits limits_;
    Gone gone_;
    Gone recorded_;  ///< by a transaction that is not committed yet
    Time cleaned_{};
};

}  // namespace bascule::mirror
