#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "http/api/message.hpp"

namespace bascule::http {

/// Asks a server of this product over its Unix socket, one connection a request. Blocking; one
/// thread.
class UnixClient {
  public:
    UnixClient(std::string path, std::chrono::milliseconds timeout);

    /// `target` is the encoded path with its query. Headers of the answer have lower-case names.
    /// Errors: `unavailable`/"not_running" when nobody listens, `forbidden`/"socket_denied",
    /// `timeout`/"no_answer".
    [[nodiscard]] Result<Response> send(
        Method method, std::string_view target, std::string_view body = {},
        std::string_view content_type = "application/json"
    ) const;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
    std::chrono::milliseconds timeout_;
};

/// Escapes text for use as one query value or path segment (RFC 3986 section 2.3).
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace bascule::http
