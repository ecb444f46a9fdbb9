#pragma once

#include <string>

#include "directory/base/error.hpp"
#include "http/api/message.hpp"

namespace bascule::http {

/// HTTP status of an error kind, the same for problems and SCIM errors.
[[nodiscard]] int status_of(const Error& error);

/// RFC 9457 `application/problem+json` with code, detail, field and request id. Sets Retry-After.
[[nodiscard]] Response problem(const Error& error, std::string_view request_id);

}  // namespace bascule::http
