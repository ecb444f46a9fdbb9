#include "connectors/ldap/dialects/active_directory/due_times.hpp"

namespace bascule::ldap {

void DueTimes::set(const Uuid& anchor, std::optional<Time> when) {
    if (const auto known = times_.find(anchor); known != times_.end()) {
        order_.erase({known->second, anchor});
        times_.erase(known);
    }
    if (when) {
        times_.emplace(anchor, *when);
        order_.emplace(*when, anchor);
    }
}

std::optional<Time> DueTimes::next() const {
    return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
}

std::vector<Uuid> DueTimes::take(Time now) {
    std::vector<Uuid> due;
    while (!order_.empty() && order_.begin()->first <= now) {
        due.push_back(order_.begin()->second);
        times_.erase(order_.begin()->second);
        order_.erase(order_.begin());
    }
    return due;
}

}  // namespace bascule::ldap
