#pragma once

#include <string>
#include <vector>

#include "tests/integration/mirror/mirror_rig.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

/// Two slapds that replicate to each other (server ids 1 and 2).
class ProviderPair {
  public:
    /// Both run and hold `ldif`, and each has changed something, so that stamps of both are known.
    explicit ProviderPair(const std::string& ldif);

    [[nodiscard]] SlapdRig& first() { return first_; }
    [[nodiscard]] SlapdRig& second() { return second_; }
    /// Waits until both have the same stamps; throws after 30 s.
    void wait_in_step();
    /// The stopped server does not follow the other one any more.
    static void cut_off(const SlapdRig& rig);
    /// A mirror that prefers the first.
    [[nodiscard]] MirrorSetup mirror_setup() const;

  private:
    SlapdRig first_;
    SlapdRig second_;
};

}  // namespace bascule::test
