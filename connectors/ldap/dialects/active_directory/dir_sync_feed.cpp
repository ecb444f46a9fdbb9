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
#include "connectors/ldap/silence_watch.hpp"
#include "connectors/ldap/successor.hpp"
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

/// The same servers, before all others the one that a position came from.
ConnectionOptions beginning_at(const ConnectionOptions& options, const std::string& server) {
    auto first = options;
    first.servers.clear();
    first.finder = [options, server](Deadline deadline) -> Result<std::vector<Candidate>> {
        BASCULE_TRY(auto found, options.candidates(deadline));
        for (auto& one : found) {
            one.rank = one.uri == server ? -1 : one.rank;
        }
        return found;
    };
    return first;
}

}  // namespace

DirSyncFeed::DirSyncFeed(DirSyncOptions options) : options_(std::move(options)) {
    // Another domain controller goes on with the cookie, but may tell much again.
    options_.connection.loyalty = Loyalty::prefers;
}

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
    auto connection = Connection::open_bound(
        start ? beginning_at(options_.connection, start->server) : options_.connection, deadline,
        stop
    );
    if (!connection) {
        return failed_run(std::move(connection).error(), stop);
    }
    Successor successor(options_.connection, *connection, stop);
    while (true) {
        const auto server = connection->server();
        options_.connection.reach->feed_at(server);
        auto ended = stream(*connection, start, sink, successor, stop);
        if (!ended || stop.stop_requested()) {
            auto result = ended ? FeedResult{} : end_of_run(std::move(ended).error(), stop);
            leave_server(options_.connection, server, result);
            return result;
        }
    }
}

/// One connection after another is followed; the next begins where the last one ended.
Status DirSyncFeed::stream(
    Connection& connection, std::optional<DirSyncCookie>& start, FeedSink& sink,
    Successor& successor, const std::stop_token& stop
) {
    std::optional<Connection> next;
    const auto moves = [&] {
        if (successor.ready()) {
            next = successor.take();
        }
        return next.has_value();
    };
    const auto follow = [&]() -> Status {
        const auto deadline = steady_clock::now() + options_.connection.operation_timeout;
        BASCULE_TRY(const auto controller, read_controller(connection, options_.base, deadline));
        DirSyncSession session(connection, controller, options_, sink);
        BASCULE_CHECK(session.run(std::move(start), stop, moves));
        start = session.position();
        return {};
    };
    {
        const SilenceWatch silence(options_.connection, connection);
        auto ended = follow();
        if (auto verdict = silence.verdict(); verdict && !ended) {
            return fail(*std::move(verdict));
        }
        BASCULE_CHECK(std::move(ended));
    }
    if (next) {
        connection = *std::move(next);
    }
    return {};
}

std::string DirSyncFeed::fingerprint() const {
    return fmt::format(
        "dirsync|{}|{}|{}", dn_key_or_raw(options_.base), attribute_set_text(options_.attributes),
        options_.connection.identity()
    );
}

}  // namespace bascule::ldap
