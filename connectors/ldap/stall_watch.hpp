#pragma once

#include <chrono>
#include <cstdint>

#include "connectors/ldap/socket.hpp"

namespace bascule::ldap {

/// Tells a stream whose messages take for ever from one that has nothing to say: bytes come, but
/// so few that the message they belong to comes to no end. Of one thread.
class StallWatch {
  public:
    /// `period`: how long a message may come at less than the least rate (256 bytes a second).
    /// `wire` outlives it.
    StallWatch(const Wire& wire, std::chrono::milliseconds period);

    /// A whole message arrived. Costs nothing.
    void message_arrived() { fresh_ = true; }
    /// To be asked while none does.
    [[nodiscard]] bool stalled();

  private:
    const Wire& wire_;
    std::chrono::milliseconds period_;
    bool fresh_ = true;  ///< nothing was waited for since the last message
    std::chrono::steady_clock::time_point since_;
    std::uint64_t received_ = 0;
};

}  // namespace bascule::ldap
