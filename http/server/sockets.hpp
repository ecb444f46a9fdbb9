#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "http/server/options.hpp"

namespace bascule::http {

/// Binds and listens as the Listener says, or takes its descriptor over; returns a non-blocking
/// descriptor that the caller closes. Plain text is refused beyond loopback
/// (`invalid_input`/"plain_text_not_loopback") unless the listener allows it. A Unix socket gets
/// mode 0660; a stale one is replaced, a live one is `conflict`/"address_in_use".
[[nodiscard]] Result<int> open_listening_socket(const Listener& listener);

/// The port a socket is bound to; 0 for a Unix socket.
[[nodiscard]] std::uint16_t bound_port(int descriptor);

/// Address of the peer without port; "local" on a Unix socket, empty when it is gone.
[[nodiscard]] std::string peer_address(int descriptor);

/// SO_PEERCRED and SO_PEERGROUPS of a Unix socket; nothing for others.
[[nodiscard]] std::optional<LocalPeer> local_peer(int descriptor);

}  // namespace bascule::http
