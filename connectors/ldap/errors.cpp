#include "connectors/ldap/errors.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

struct Meaning {
    ErrorKind kind;
    const char* code;
    const char* detail;
};

Meaning meaning_of(int code) {
    switch (code) {
        case LDAP_SERVER_DOWN:
        case LDAP_CONNECT_ERROR:
        case LDAP_UNAVAILABLE:
        case LDAP_BUSY:
            return {
                ErrorKind::unavailable, "directory_unavailable",
                "The directory server does not answer. Try again later."};
        case LDAP_TIMEOUT:
            return {
                ErrorKind::timeout, "directory_timeout",
                "The directory server did not answer in time. Try again later."};
        case LDAP_INVALID_CREDENTIALS:
        case LDAP_INAPPROPRIATE_AUTH:
            return {
                ErrorKind::unauthenticated, "directory_credentials",
                "The directory did not accept the name or the password."};
        case LDAP_INSUFFICIENT_ACCESS:
            return {
                ErrorKind::forbidden, "directory_denied",
                "The directory does not give the service account the right to do this."};
        case LDAP_CONFIDENTIALITY_REQUIRED:
        case LDAP_STRONG_AUTH_REQUIRED:
            return {
                ErrorKind::forbidden, "directory_insecure",
                "The directory asks for an encrypted connection. Use ldaps:// or StartTLS."};
        case LDAP_REFERRAL:
            return {
                ErrorKind::unavailable, "directory_referral",
                "The directory server refers to another one: it does not hold this part of the "
                "directory, or takes no changes. References are not followed; name the right "
                "server in sources[].servers."};
        case LDAP_NO_SUCH_OBJECT:
            return {
                ErrorKind::not_found, "not_in_directory",
                "The entry is not in the directory, or the service account may not see it."};
        case LDAP_TIMELIMIT_EXCEEDED:
        case LDAP_SIZELIMIT_EXCEEDED:
        case LDAP_ADMINLIMIT_EXCEEDED:
            return {
                ErrorKind::too_large, "directory_limit",
                "The directory server cut the answer short: a size or time limit applies to the "
                "service "
                "account."};
        case LDAP_CONSTRAINT_VIOLATION:
            return {
                ErrorKind::policy_rejected, "directory_constraint",
                "The directory did not accept the value: a rule of its own forbids it."};
        case LDAP_ALREADY_EXISTS:
        case LDAP_TYPE_OR_VALUE_EXISTS:
        case LDAP_NO_SUCH_ATTRIBUTE:
            return {
                ErrorKind::conflict, "directory_conflict",
                "The directory already has, or no longer has, this value."};
        case LDAP_UNWILLING_TO_PERFORM:
            return {
                ErrorKind::policy_rejected, "directory_refused",
                "The directory refused the request."};
        default:
            return {
                ErrorKind::internal, "directory_error",
                "The directory answered with an error that is not expected here."};
    }
}

}  // namespace

Error error_from_result(int code, std::string_view diagnostic, std::string_view doing) {
    const auto meaning = meaning_of(code);
    auto context = fmt::format("{}: LDAP result {} ({})", doing, code, ldap_err2string(code));
    if (!diagnostic.empty()) {
        context += ": " + printable(diagnostic);
    }
    return Error{meaning.kind, meaning.code, meaning.detail, {}, std::move(context), {}};
}

std::string handle_diagnostic(LDAP* handle) {
    char* text = nullptr;
    ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
    std::string copy = text == nullptr ? "" : text;
    ldap_memfree(text);
    return copy;
}

Error error_from_handle(LDAP* handle, int code, std::string_view doing) {
    return error_from_result(code, handle_diagnostic(handle), doing);
}

}  // namespace bascule::ldap
