#include "connectors/ldap/dialects/generic/poll_failure.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <utility>

#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/feed_failure.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;

namespace {

Error limited(const Outcome& outcome, std::size_t count, bool pages) {
    auto error = error_from_result(outcome.code, outcome.diagnostic, "reading the directory");
    error.code = "directory_limit";
    error.detail = fmt::format(
        "The directory server cut the answer short after {} entries{}: a size or time limit "
        "applies "
        "to the service account. Nothing was deleted. Give the account unlimited size and time.",
        count, pages ? "" : "; it offers no paged results"
    );
    return error;
}

}  // namespace

Error search_failure(
    const Outcome& outcome, std::size_t count, bool pages, const std::string& base
) {
    switch (outcome.code) {
        case LDAP_TIMELIMIT_EXCEEDED:
        case LDAP_SIZELIMIT_EXCEEDED:
        case LDAP_ADMINLIMIT_EXCEEDED:
            return limited(outcome, count, pages);
        case LDAP_NO_SUCH_OBJECT:
        case LDAP_REFERRAL: {
            auto error = error_from_result(outcome.code, outcome.diagnostic, "reading " + base);
            error.code = "base_missing";
            error.detail = fmt::format(
                "The base {} is not in the directory any more, was renamed, or may not be seen by "
                "the service account. The mirrored data is kept. Check sources[].base and the "
                "account's rights.",
                base
            );
            return error;
        }
        default:
            return error_from_result(outcome.code, outcome.diagnostic, "reading " + base);
    }
}

FeedResult failed_poll(Error error, const std::stop_token& stop) {
    if (error.code == "directory_limit") {
        return {FeedEnd::limited, std::move(error)};
    }
    if (error.code == "base_missing") {
        return {FeedEnd::base_missing, std::move(error)};
    }
    return failed_run(std::move(error), stop);
}

}  // namespace bascule::ldap
