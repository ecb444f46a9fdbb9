#include "http/api/problem.hpp"

#include "directory/base/json_text.hpp"

namespace bascule::http {
namespace {

std::string_view title_of(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 501:
            return "Unsupported";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Internal Server Error";
    }
}

/// Refusals of the protocol itself have statuses of their own (RFC 9110 section 15.5, RFC 6585); 0 for others.
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
    json.field("title", title_of(response.status));
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
