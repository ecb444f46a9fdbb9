#include "directory/base/error.hpp"

namespace bascule {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid_input:
            return "invalid_input";
        case ErrorKind::unauthenticated:
            return "unauthenticated";
        case ErrorKind::forbidden:
            return "forbidden";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::conflict:
            return "conflict";
        case ErrorKind::precondition_failed:
            return "precondition_failed";
        case ErrorKind::too_large:
            return "too_large";
        case ErrorKind::rate_limited:
            return "rate_limited";
        case ErrorKind::policy_rejected:
            return "policy_rejected";
        case ErrorKind::unsupported:
            return "unsupported";
        case ErrorKind::unavailable:
            return "unavailable";
        case ErrorKind::timeout:
            return "timeout";
        case ErrorKind::internal:
            return "internal";
    }
    return "internal";
}

}  // namespace bascule
