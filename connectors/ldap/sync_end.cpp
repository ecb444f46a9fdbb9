#include "connectors/ldap/sync_end.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <utility>

#include "connectors/ldap/errors.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;

namespace {

FeedResult ended(FeedEnd end, Error error) {
    return {end, std::move(error)};
}

FeedResult base_missing(Error error, const std::string& base) {
    error.code = "base_missing";
    error.detail = fmt::format(
        "The base {} is not in the directory any more, was renamed, or may not be seen by the "
        "service account. "
        "The mirrored data is kept. Check sources[].base and the account's rights.",
        base
    );
    return ended(FeedEnd::base_missing, std::move(error));
}

FeedResult provider_behind(Error error) {
    return ended(FeedEnd::provider_behind, provider_behind_error(std::move(error.context)));
}

FeedResult limited(Error error, const SyncDialect& dialect) {
    error.code = "directory_limit";
    error.detail =
        "The directory server cut the synchronisation short: a size or time limit applies to the "
        "service account. Nothing was deleted. " +
        dialect.limit_advice;
    return ended(FeedEnd::limited, std::move(error));
}

FeedResult too_many_sessions(Error error) {
    error.code = too_many_sessions_code;
    error.detail =
        "The directory server serves as many synchronisation streams as it may (389 Directory "
        "Server: 10). End one of them.";
    return ended(FeedEnd::limited, std::move(error));
}

FeedResult unsupported(Error error, const SyncDialect& dialect) {
    error.code = "sync_unsupported";
    error.detail =
        "The directory server does not offer content synchronisation (RFC 4533) for this base. " +
        dialect.support_advice;
    return ended(FeedEnd::refused, std::move(error));
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

Error provider_behind_error(std::string context) {
    return Error{
        ErrorKind::unavailable,
        "provider_behind",
        "The directory server knows less than was mirrored before: it was restored from a backup, "
        "lags behind the server that was read until now, or was killed before it stored its "
        "newest stamp (then the next change in the directory ends this). The mirrored data is "
        "kept.",
        {},
        std::move(context),
        {}};
}

FeedResult cookie_rejected(std::string context) {
    return ended(
        FeedEnd::cookie_rejected,
        Error{
            ErrorKind::conflict,
            "cookie_rejected",
            "The directory server cannot continue from where the last run ended; everything is "
            "read again.",
            {},
            std::move(context),
            {}}
    );
}

FeedResult unproven(Error error, const SyncDialect& dialect) {
    if (error.code == "directory_limit") {
        return limited(std::move(error), dialect);
    }
    if (error.code == "cookie_rejected") {
        return cookie_rejected("there is more to read than can be read one by one");
    }
    return ended(FeedEnd::disconnected, std::move(error));
}

FeedResult end_of_search(
    const Outcome& outcome, const std::string& base, const SyncDialect& dialect
) {
    auto error = error_from_result(outcome.code, outcome.diagnostic, "synchronising " + base);
    switch (outcome.code) {
        case LDAP_SYNC_REFRESH_REQUIRED:
            if (contains(outcome.diagnostic, "base")) {
                return base_missing(std::move(error), base);
            }
            return cookie_rejected(std::move(error.context));
        case LDAP_UNWILLING_TO_PERFORM:
            if (contains(outcome.diagnostic, "newer than provider") ||
                contains(outcome.diagnostic, "provider doesn't")) {
                return provider_behind(std::move(error));
            }
            if (contains(outcome.diagnostic, "synchronization sessions")) {
                return too_many_sessions(std::move(error));
            }
            return ended(FeedEnd::disconnected, std::move(error));
        case LDAP_TIMELIMIT_EXCEEDED:
        case LDAP_SIZELIMIT_EXCEEDED:
        case LDAP_ADMINLIMIT_EXCEEDED:
            return limited(std::move(error), dialect);
        case LDAP_NO_SUCH_OBJECT:
        case LDAP_REFERRAL:
            return base_missing(std::move(error), base);
        case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
            return unsupported(std::move(error), dialect);
        case LDAP_INVALID_CREDENTIALS:
        case LDAP_INSUFFICIENT_ACCESS:
        case LDAP_STRONG_AUTH_REQUIRED:
        case LDAP_CONFIDENTIALITY_REQUIRED:
        case LDAP_INAPPROPRIATE_AUTH:
        case LDAP_PROTOCOL_ERROR:
        case LDAP_INVALID_DN_SYNTAX:
        case LDAP_FILTER_ERROR:
            return ended(FeedEnd::refused, std::move(error));
        default:
            return ended(FeedEnd::disconnected, std::move(error));
    }
}

}  // namespace bascule::ldap
