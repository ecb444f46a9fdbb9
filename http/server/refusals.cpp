#include "http/server/refusals.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace bascule::http {
namespace {

Error refusal(ErrorKind kind, std::string code, std::string detail) {
    return Error{kind, std::move(code), std::move(detail), {}, {}, {}};
}

}  // namespace

Error unreadable(ReadOutcome outcome, const Exchange& exchange, const ServerOptions& options) {
    switch (outcome) {
        case ReadOutcome::header_too_large:
            return refusal(
                ErrorKind::too_large, "header_too_large",
                "The request header is longer than " + std::to_string(options.header_limit) +
                    " bytes."
            );
        case ReadOutcome::body_too_large:
            return refusal(
                ErrorKind::too_large, "body_too_large",
                "The request body is longer than " + std::to_string(exchange.route->body_limit) +
                    " bytes, the most that is taken here."
            );
        case ReadOutcome::timed_out:
            return refusal(
                ErrorKind::timeout, "request_timeout", "The request did not arrive in time."
            );
        default:
            return refusal(
                ErrorKind::invalid_input, "malformed_request",
                "This is not a valid HTTP/1.1 request."
            );
    }
}

Error unknown_expectation() {
    return refusal(
        ErrorKind::invalid_input, "unknown_expectation",
        "Only 'Expect: 100-continue' is understood."
    );
}

Error overloaded() {
    return refusal(
               ErrorKind::unavailable, "overloaded",
               "The server has more requests than it can hold; try again in a moment."
    )
        .with_retry_after(std::chrono::seconds(1));
}

}  // namespace bascule::http
