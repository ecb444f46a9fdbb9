#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "http/api/message.hpp"

namespace bascule::http {

/// What happened to one request, told once when its answer was written (or could not be). The views
/// are valid during the call only. The query is left out on purpose: filters name people.
struct RequestEvent {
    std::string_view listener;
    std::string_view request_id;
    std::string_view source_address;
    Method method = Method::other;
    std::string_view path;
    std::string_view route;  ///< the pattern, empty when no route matched
    int status = 0;          ///< 0: the client went away first
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
    std::chrono::microseconds duration{};
};

/// Why a connection ended before a request.
enum class ConnectionRefusal { limit_reached, tls_handshake };

/// Receives what the server does, for the access log and for metrics. Called on I/O threads: it
/// must be thread-safe, quick and must not throw.
class Observer {
  public:
    virtual ~Observer() = default;
    virtual void request_finished(const RequestEvent& event) = 0;
    virtual void connection_opened(std::string_view /*listener*/) {}
    virtual void connection_closed(std::string_view /*listener*/) {}
    virtual void connection_refused(std::string_view /*listener*/, ConnectionRefusal /*why*/) {}
};

}  // namespace bascule::http
