#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "http/server/server_state.hpp"

namespace bascule::http {

using Socket = boost::asio::generic::stream_protocol::socket;

/// Serves an accepted socket, whose executor is a strand, until it closes.
void serve(ServerState& server, ListenerState& listener, Socket socket);

}  // namespace bascule::http
