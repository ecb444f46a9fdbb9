#include "connectors/ldap/dialects/active_directory/dir_sync_feed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/dialects/active_directory/controller.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_session.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/feed_failure.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;
using directory::FeedSink;
using directory::FeedStart;
using std::chrono::steady_clock;

namespace {

FeedResult end_of_run(Error error, const std::stop_token& stop) {
    FeedResult result = failed_run(std::move(error), stop);
    const std::string& code = result.error.code;
    if (result.end == FeedEnd::stopped) {
        return result;
    }
    if (code == "cookie_rejected") {
        result.end = FeedEnd::cookie_rejected;
    } else if (code == "base_missing") {
        result.end = FeedEnd::base_missing;
    } else if (code == "directory_limit") {
        result.end = FeedEnd::limited;
    } else if (code == "sync_unsupported") {
        result.end = FeedEnd::refused;
    }
    return result;
}

}  // namespace

DirSyncFeed::DirSyncFeed(DirSyncOptions options) : options_(std::move(options)) {}

FeedResult DirSyncFeed::run(const FeedStart& from, FeedSink& sink, std::stop_token stop) {
    std::optional<DirSyncCookie> start;
    if (!from.cookie.empty()) {
        start = DirSyncCookie::parse(from.cookie);
        if (!start) {
            return {
                FeedEnd::cookie_rejected,
                Error{
                    ErrorKind::conflict,
                    "cookie_rejected",
                    "The stored position is of another kind; everything is read again.",
                    {},
                    {},
                    {}}};
        }
    }
    const auto deadline = connecting_deadline(options_.connection);
    auto connection = Connection::open_bound(options_.connection, deadline, stop);
    if (!connection) {
        return failed_run(std::move(connection).error(), stop);
    }
    const auto controller = read_controller(
        *connection, options_.base, steady_clock::now() + options_.connection.operation_timeout
    );
    if (!controller) {
        return end_of_run(controller.error(), stop);
    }
    DirSyncSession session(*connection, *controller, options_, sink);
    auto ended = session.run(std::move(start), stop);
    return ended ? FeedResult{} : end_of_run(std::move(ended).error(), stop);
}

std::string DirSyncFeed::fingerprint() const {
    return fmt::format(
        "dirsync|{}|{}|{}", dn_key_or_raw(options_.base), attribute_set_text(options_.attributes),
        dn_key_or_raw(options_.connection.bind_dn)
    );
}

}  // namespace bascule::ldap
