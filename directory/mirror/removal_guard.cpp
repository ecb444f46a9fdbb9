#include "directory/mirror/removal_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace bascule::mirror {

namespace {

constexpr std::size_t small_directory = 5000;
constexpr std::chrono::hours window(24);
/// So often what is older than the window is looked for.
constexpr std::chrono::minutes clean_every(10);

std::size_t share(double percent, std::size_t total) {
    return static_cast<std::size_t>(percent / 100.0 * static_cast<double>(total));
}

template <class Counts, class Key>
std::size_t count_of(const Counts& counts, const Key& key, Time now) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second.within_window(now);
}

template <class Counts>
void take_over(Counts& counts, Counts& recorded) {
    for (auto& [key, count] : recorded)
        counts[key].add_all(count);
}

}  // namespace

void SlidingCount::add(std::int64_t count, Time now) {
    // What is told within a second is one figure, so that a storm needs no memory.
    if (!counts_.empty() && now - counts_.back().first < std::chrono::seconds(1)) {
        counts_.back().second += count;
    } else {
        counts_.emplace_back(now, count);
    }
    while (!counts_.empty() && counts_.front().first < now - window)
        counts_.pop_front();
}

std::size_t SlidingCount::within_window(Time now) const {
    std::int64_t sum = 0;
    for (const auto& [time, count] : counts_)
        sum = std::max<std::int64_t>(0, sum + (time >= now - window ? count : 0));
    return static_cast<std::size_t>(sum);
}

void SlidingCount::add_all(const SlidingCount& other) {
    for (const auto& [time, count] : other.counts_)
        add(count, time);
}

bool SlidingCount::is_over(Time now) const {
    return counts_.empty() || counts_.back().first < now - window;
}

std::size_t RemovalGuard::delete_limit(std::size_t total) const {
    const std::size_t relative = share(limits_.delete_percent, total);
    return total < small_directory ? std::max(limits_.delete_at_least, relative) : relative;
}

bool RemovalGuard::allows_refresh(std::size_t count, std::size_t total) const {
    if (count == 0)
        return true;
    const bool most = total >= 10 && count > share(limits_.emptied_percent, total);
    const bool emptied =
        limits_.emptied_percent < 100.0 && (most || (total >= 2 && count >= total));
    return !emptied && count <= delete_limit(total);
}

bool RemovalGuard::allows_live(std::size_t count, std::size_t total, Time now) const {
    if (count == 0)
        return true;
    const std::size_t gone =
        gone_.objects.within_window(now) + recorded_.objects.within_window(now);
    return gone + count <= delete_limit(total + gone);
}

void RemovalGuard::record(std::size_t count, Time now) {
    if (count != 0)
        recorded_.objects.add(static_cast<std::int64_t>(count), now);
}

bool RemovalGuard::allows_leaving(const Uuid& group, std::size_t count, std::size_t total, Time now)
    const {
    if (count == 0)
        return true;
    const std::size_t gone =
        count_of(gone_.members, group, now) + count_of(recorded_.members, group, now);
    const std::size_t before = total + gone;
    return before <= limits_.membership_at_least ||
           static_cast<double>(gone + count) <=
               limits_.membership_percent / 100.0 * static_cast<double>(before);
}

void RemovalGuard::record_left(const Uuid& group, std::size_t count, Time now) {
    if (count != 0)
        recorded_.members[group].add(static_cast<std::int64_t>(count), now);
}

void RemovalGuard::record_joined(const Uuid& group, std::size_t count, Time now) {
    // Who joins a group that nobody left replaces nobody.
    if (count != 0 && (gone_.members.contains(group) || recorded_.members.contains(group)))
        recorded_.members[group].add(-static_cast<std::int64_t>(count), now);
}

bool RemovalGuard::allows_attribute_loss(std::size_t count, std::size_t total) const {
    return count <= limits_.attribute_at_least || count <= share(limits_.attribute_percent, total);
}

bool RemovalGuard::allows_live_loss(const std::string& attribute, std::size_t total, Time now)
    const {
    const std::size_t lost = 1 + count_of(gone_.attributes, attribute, now) +
                             count_of(recorded_.attributes, attribute, now);
    return lost <= limits_.attribute_live_at_least ||
           lost <= share(limits_.attribute_percent, total);
}

void RemovalGuard::record_loss(const std::string& attribute, std::size_t count, Time now) {
    if (count != 0)
        recorded_.attributes[attribute].add(static_cast<std::int64_t>(count), now);
}

std::size_t RemovalGuard::gone(Time now) const {
    return gone_.objects.within_window(now) + recorded_.objects.within_window(now);
}

std::size_t RemovalGuard::gone_of(const Uuid& group, Time now) const {
    return count_of(gone_.members, group, now) + count_of(recorded_.members, group, now);
}

std::size_t RemovalGuard::lost_of(const std::string& attribute, Time now) const {
    return count_of(gone_.attributes, attribute, now) +
           count_of(recorded_.attributes, attribute, now);
}

std::string RemovalGuard::limits_text() const {
    return fmt::format(
        "{} {} {} {} {} {} {} {}", limits_.delete_percent, limits_.delete_at_least,
        limits_.emptied_percent, limits_.membership_percent, limits_.membership_at_least,
        limits_.attribute_percent, limits_.attribute_at_least, limits_.attribute_live_at_least
    );
}

void RemovalGuard::commit(Time now) {
    gone_.objects.add_all(recorded_.objects);
    take_over(gone_.members, recorded_.members);
    take_over(gone_.attributes, recorded_.attributes);
    recorded_ = {};
    if (now - cleaned_ < clean_every)
        return;
    const auto is_over = [&](const auto& entry) { return entry.second.is_over(now); };
    std::erase_if(gone_.members, is_over);
    std::erase_if(gone_.attributes, is_over);
    cleaned_ = now;
}

}  // namespace bascule::mirror
