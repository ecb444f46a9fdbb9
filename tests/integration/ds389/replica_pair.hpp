#pragma once

#include <string>

#include "tests/support/ds389_rig.hpp"

namespace bascule::test {

/// Two 389 Directory Servers that replicate to each other. Entries have the same nsUniqueId on
/// both; the change numbers of each are its own.
class ReplicaPair {
  public:
    /// Both run and hold the suffix, its branches and `ldif`.
    explicit ReplicaPair(const std::string& ldif);

    [[nodiscard]] Ds389Rig& first() { return first_; }
    [[nodiscard]] Ds389Rig& second() { return second_; }
    /// Waits until what is changed on each is seen on the other; throws after 60 s.
    void wait_in_step();

  private:
    Ds389Rig first_;
    Ds389Rig second_;
    int round_ = 0;
};

}  // namespace bascule::test
