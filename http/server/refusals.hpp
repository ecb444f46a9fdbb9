#pragma once

#include "directory/base/error.hpp"
#include "http/server/exchange.hpp"
#include "http/server/options.hpp"

namespace bascule::http {

/// Why a request that could not be read is refused: `header_too_large`, `body_too_large`,
/// `request_timeout` or else `malformed_request`. A body that is too large has a route.
[[nodiscard]] Error unreadable(
    ReadOutcome outcome, const Exchange& exchange, const ServerOptions& options
);

/// `unknown_expectation`: the request has an Expect other than 100-continue.
[[nodiscard]] Error unknown_expectation();

/// `overloaded`, with a second to wait: the request found no place, or waited past its deadline.
[[nodiscard]] Error overloaded();

}  // namespace bascule::http
