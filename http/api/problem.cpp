#include "http/api/problem.hpp"

#include "directory/base/json_text.hpp"

namespace bascule::http {
namespace {

/// Refusals of the protocol itself have statuses of their own (RFC 9110 section 15.5, RFC 6585); 0
/// for others.
int protocol_status(std::string_view code) {
    if (code == "method_not_allowed") {
        return 405;
    }
    if (code == "request_timeout") {
        return 408;
    }
    if (code == "unknown_expectation") {
        return 417;
    }
    return code == "header_too_large" ? 431 : 0;
}

}  // namespace

int status_of(const Error& error) {
    if (const int status = protocol_status(error.code); status != 0) {
        return status;
    }
    switch (error.kind) {
        case ErrorKind::invalid_input:
            return 400;
        case ErrorKind::unauthenticated:
            return 401;
        case ErrorKind::forbidden:
            return 403;
        case ErrorKind::not_found:
            return 404;
        case ErrorKind::conflict:
            // RFC 7644 table 9 puts "mutability" under 400.
            return error.code == "mutability" ? 400 : 409;
        case ErrorKind::precondition_failed:
            return 412;
        case ErrorKind::too_large:
            return 413;
        case ErrorKind::policy_rejected:
            return 422;
        case ErrorKind::rate_limited:
            return 429;
        case ErrorKind::unsupported:
            return 501;
        case ErrorKind::unavailable:
            return 503;
        case ErrorKind::timeout:
            return 504;
        case ErrorKind::internal:
            return 500;
    }
    return 500;
}

Response problem(const Error& error, std::string_view request_id) {
    Response response;
    response.status = status_of(error);
    response.content_type = "application/problem+json";
    JsonWriter json(response.body);
    json.begin_object();
    json.field("title", reason_phrase(response.status));
    json.key("status").number(response.status);
    json.field("code", error.code);
    json.field("detail", error.detail);
    if (!error.field.empty()) {
        json.field("field", error.field);
    }
    json.field("requestId", request_id);
    json.end_object();
    if (error.retry_after) {
        response.set("Retry-After", std::to_string(error.retry_after->count()));
    }
    return response;
}

}  // namespace bascule::http
