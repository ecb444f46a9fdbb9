#pragma once

#include <optional>

#include "directory/access/caller.hpp"
#include "http/api/message.hpp"

namespace bascule::scim {

/// Takes requests that shall be answered later (`Prefer: respond-async`, RFC 7240 section 4.1, RFC
/// 9967 section 2.5.1). Thread-safe.
class AsyncGate {
  public:
    virtual ~AsyncGate() = default;
    /// The answer when the request was taken: 202, or the real one when it came in time. Nothing
    /// when the request is to be carried out here and now. The caller's right to send it has been
    /// checked.
    [[nodiscard]] virtual std::optional<http::Response> accept(
        const http::Request& request, const http::RequestContext& context,
        const access::Caller& caller
    ) = 0;
};

}  // namespace bascule::scim
