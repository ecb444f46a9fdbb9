#pragma once

#include <cstddef>

#include "http/api/router.hpp"

namespace bascule::http {

/// Answers below this many bytes are sent as they are: they fit into one packet or two.
inline constexpr std::size_t compressed_from = 2048;

/// Whether the request takes gzip (RFC 9110 section 12.5.3). One that names no coding does not.
[[nodiscard]] bool accepts_gzip(const Request& request);

/// Compresses the answer, also one that is made while it is sent, when the route allows it, the
/// body is JSON and long, and the request takes gzip; tells by Vary where that decided. CPU work:
/// call where the handler ran.
void compress(const Route& route, const Request& request, Response& response);

}  // namespace bascule::http
