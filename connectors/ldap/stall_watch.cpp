#include "connectors/ldap/stall_watch.hpp"

namespace bascule::ldap {

using std::chrono::steady_clock;

namespace {

constexpr std::int64_t least_rate = 256;  // bytes a second

}  // namespace

StallWatch::StallWatch(const Wire& wire, std::chrono::milliseconds period)
    : wire_(wire), period_(period) {}

bool StallWatch::stalled() {
    const auto now = steady_clock::now();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
    if (!fresh_ && took < period_) {
        return false;
    }
    const auto came = static_cast<std::int64_t>(wire_.received() - received_);
    const bool too_slow = !fresh_ && came > 0 && came * 1000 < least_rate * took.count();
    fresh_ = false;
    since_ = now;
    received_ += static_cast<std::uint64_t>(came);
    return too_slow;
}

}  // namespace bascule::ldap
