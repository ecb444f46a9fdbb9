#include "connectors/ldap/stall_watch.hpp"

#include <utility>

namespace bascule::ldap {

using std::chrono::steady_clock;

namespace {

constexpr std::uint64_t least_rate = 256;  // bytes a second

}  // namespace

StallWatch::StallWatch(const Wire& wire, std::chrono::milliseconds period)
    : wire_(wire), period_(period) {}

bool StallWatch::stalled() {
    const auto now = steady_clock::now();
    const std::uint64_t received = wire_.received();
    const bool begins = std::exchange(fresh_, false) || received == received_;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
    if (!begins && took < period_) {
        return false;
    }
    const std::uint64_t came = received - received_;
    since_ = now;
    received_ = received;
    return !begins && came * 1000 < least_rate * static_cast<std::uint64_t>(took.count());
}

}  // namespace bascule::ldap
