#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/router.hpp"
#include "http/server/input_buffer.hpp"
#include "http/server/observer.hpp"
#include "http/server/request_parser.hpp"
#include "http/server/response_writer.hpp"
#include "http/server/server_state.hpp"

namespace bascule::http {

/// The other end of a connection: what is known before the first request.
struct Peer {
    std::string address;                         ///< as peer_address() gives it
    std::optional<LocalPeer> local;              ///< only on a Unix socket
    std::vector<std::string> certificate_names;  ///< of the client's certificate, if any
    bool tls = false;
};

/// One request on its way through the connection, and its answer.
struct Exchange {
    /// `header_limit` in bytes.
    explicit Exchange(std::size_t header_limit) : parser(header_limit) {}

    RequestParser parser;
    RequestContext context;
    std::shared_ptr<const Router> router;  ///< keeps `route` alive
    const Route* route = nullptr;          ///< null: none found, or not looked for yet
    Response response;
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    bool keep_alive = false;
    bool unread_body = false;  ///< the peer may still be sending: linger before closing
    std::uint64_t received = 0;
};

/// How reading a header or a body ended; `complete` is the only good end.
enum class ReadOutcome { complete, malformed, header_too_large, body_too_large, timed_out, closed };

/// Feeds the buffer to the parser; `complete` means "no error", not "message complete".
[[nodiscard]] ReadOutcome parse(Exchange& exchange, InputBuffer& buffer);

/// True when Content-Length is beyond what the route takes. The header is done, the route is known.
[[nodiscard]] bool announces_too_much(const Exchange& exchange);

/// What handlers are told about the request. X-Request-Id, X-Forwarded-For and X-Forwarded-Proto
/// are believed when the peer is a trusted proxy.
[[nodiscard]] RequestContext make_context(
    const Exchange& exchange, const Peer& peer, const ServerState& server
);

/// How the head of the answer is to be written.
[[nodiscard]] ResponseFrame frame_of(
    const Exchange& exchange, bool keep_alive, const ServerOptions& options
);

/// What the observer is told in the end; the views refer to the exchange. `written` is the size of
/// the answer in bytes, nothing when it could not be sent.
[[nodiscard]] RequestEvent event_of(
    const Exchange& exchange, std::string_view listener, std::optional<std::size_t> written
);

}  // namespace bascule::http
