#include "directory/mirror/removal_guard.hpp"

#include <algorithm>
#include <chrono>

namespace bascule::mirror {

namespace {

constexpr std::size_t small_directory = 5000;

std::size_t share(double percent, std::size_t total) {
    return static_cast<std::size_t>(percent / 100.0 * static_cast<double>(total));
}

}  // namespace

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
    const auto fits = [&](std::chrono::minutes window) {
        const std::size_t gone = gone_since(now - window);
        return gone + count <= delete_limit(total + gone);
    };
    return fits(std::chrono::minutes(10)) && fits(std::chrono::hours(24));
}

void RemovalGuard::record(std::size_t count, Time now) {
    if (count != 0)
        gone_.emplace_back(now, count);
    while (!gone_.empty() && gone_.front().first < now - std::chrono::hours(24))
        gone_.pop_front();
}

std::size_t RemovalGuard::gone_since(Time from) const {
    std::size_t count = 0;
    for (const auto& [time, gone] : gone_)
        count += time >= from ? gone : 0;
    return count;
}

bool RemovalGuard::allows_membership(std::size_t count, std::size_t total) const {
    if (total <= limits_.membership_at_least)
        return true;
    return static_cast<double>(count) <=
           limits_.membership_percent / 100.0 * static_cast<double>(total);
}

bool RemovalGuard::allows_attribute_loss(std::size_t count, std::size_t total) const {
    return count <= limits_.attribute_at_least || count <= share(limits_.attribute_percent, total);
}

}  // namespace bascule::mirror
