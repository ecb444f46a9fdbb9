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
/// call and one TLS record for the common answer.
void write_response(std::string& out, const Response& response, const ResponseFrame& frame);

}  // namespace bascule::http
