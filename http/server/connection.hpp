#pragma once

#include "http/server/server_state.hpp"
#include "http/server/timed_stream.hpp"

namespace bascule::http {

/// Serves an accepted socket, whose executor is a strand, until it closes. Both states outlive the
/// connection: it counts among the open ones of `server` until it is gone.
void serve(ServerState& server, ListenerState& listener, Socket socket);

}  // namespace bascule::http
