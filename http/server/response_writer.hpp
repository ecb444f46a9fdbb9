#pragma once

#include <string>

#include "http/api/message.hpp"

namespace bascule::http {

/// What decides the head of a response besides the response itself.
struct ResponseFrame {
    bool keep_alive = true;
    bool http_1_0 = false;
    bool head_only = false;  ///< HEAD: the length is told, the body is not sent
    bool strict_transport_security = false;
    std::string_view request_id;
};

/// Writes status line, header and body into one buffer, which is replaced. One buffer is one system
/// call and one TLS record for the common answer. When the response has a rest, the body is the
/// first chunk of it (RFC 9112 section 7.1); for HTTP/1.0 the end of the connection is its end, and
/// the frame must not keep it alive.
void write_response(std::string& out, const Response& response, const ResponseFrame& frame);

/// True when pieces of a rest follow what write_response() wrote.
[[nodiscard]] bool has_rest(const Response& response, const ResponseFrame& frame);

/// Replaces the buffer by one more piece; an empty one is left out, since it would end the body.
void write_piece(
    std::string& out, std::string_view piece, const ResponseFrame& frame, bool is_last
);

}  // namespace bascule::http
