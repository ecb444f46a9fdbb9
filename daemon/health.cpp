#include "daemon/health.hpp"

#include <utility>

namespace bascule::daemon {

void Health::add(Check check) {
    const std::lock_guard lock(mutex_);
    checks_.push_back(std::move(check));
}

std::vector<ComponentHealth> Health::components() const {
    const std::lock_guard lock(mutex_);
    std::vector<ComponentHealth> all;
    all.reserve(checks_.size());
    for (const Check& check : checks_) {
        all.push_back(check());
    }
    return all;
}

}  // namespace bascule::daemon
