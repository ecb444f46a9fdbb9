#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

/// Which entries will be otherwise at what time without a change in the directory: one time each.
class DueTimes {
  public:
    /// Sets or forgets the time of an entry.
    void set(const Uuid& anchor, std::optional<Time> when);
    [[nodiscard]] std::optional<Time> next() const;
    /// Takes out those whose time has come.
    [[nodiscard]] std::vector<Uuid> take(Time now);

  private:
    std::map<Uuid, Time> times_;
    std::set<std::pair<Time, Uuid>> order_;
};

}  // namespace bascule::ldap
