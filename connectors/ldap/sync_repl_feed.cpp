#include "connectors/ldap/sync_repl_feed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/feed_failure.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "connectors/ldap/heartbeat.hpp"
#include "connectors/ldap/presence_search.hpp"
#include "connectors/ldap/successor.hpp"
#include "connectors/ldap/sync_cookie.hpp"
#include "connectors/ldap/sync_end.hpp"
#include "connectors/ldap/sync_session.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;
using directory::FeedSink;
using directory::FeedStart;
using std::chrono::steady_clock;

namespace {

// A stream is waited for in slices; the wire is shut at a stop request, so this only bounds
// bookkeeping.
constexpr std::chrono::seconds wait_slice{1};

/// Of a refresh whose silence has only good reasons.
constexpr std::chrono::milliseconds endless = std::chrono::hours(24 * 365);

SearchRequest search_request(const SyncReplOptions& options) {
    SearchRequest request;
    request.base = options.base;
    request.scope = SearchScope::subtree;
    request.filter = options.filter;
    request.attributes = options.attributes;
    if (request.attributes.empty()) {
        request.attributes.emplace_back("*");
    }
    request.attributes.emplace_back(options.dialect.stamp_attribute);
    return request;
}

/// What stamps say: a server that has not heard of everything that was told would be taken for one
/// where it was deleted. One that says nothing of stamps judges for itself.
Status require_current(
    Connection& connection, const std::string& base, const SyncCookie& cookie, Deadline deadline
) {
    if (cookie.empty() || cookie.number() > 0) {
        return {};
    }
    BASCULE_TRY(const auto context, naming_context_of(connection, base, deadline));
    BASCULE_TRY(const auto stamps, provider_stamps(connection, context, deadline));
    if (stamps.empty() || !stamps.is_behind(cookie)) {
        return {};
    }
    return fail(provider_behind_error(fmt::format(
        "{} has {}, told was {}", connection.server(), stamps.to_string(0), cookie.to_string(0)
    )));
}

/// Reads messages until something ends the stream, or `moves` in the persist phase: then it has not
/// ended. Everything that waits is taken before the sink is told that nothing does. A refresh that
/// is silent for longer than `refresh_patience` is asked why.
std::optional<FeedResult> follow(
    Connection& connection, int id, SyncSession& session, StreamProgress& progress, FeedSink& sink,
    std::chrono::milliseconds refresh_patience, const std::function<bool()>& moves
) {
    bool idle = false;
    auto asked = steady_clock::now();
    while (true) {
        auto message = connection.next_message(
            id, steady_clock::now() + (idle ? wait_slice : std::chrono::seconds{0})
        );
        if (!message) {
            return FeedResult{FeedEnd::disconnected, std::move(message).error()};
        }
        if (*message == nullptr) {
            if (!std::exchange(idle, true)) {
                if (auto status = sink.idle(); !status) {
                    return FeedResult{FeedEnd::disconnected, std::move(status).error()};
                }
                progress.waiting();
            }
            if (session.refreshing() && steady_clock::now() - asked > refresh_patience) {
                if (auto end = session.ask_why_silent()) {
                    return end;
                }
                asked = steady_clock::now();
            }
            // Everything that was told has been committed.
            if (!session.refreshing() && moves()) {
                return std::nullopt;
            }
            continue;
        }
        idle = false;
        asked = steady_clock::now();
        progress.message_arrived();
        if (auto end = session.handle(message->get())) {
            return end;
        }
    }
}

}  // namespace

SyncReplFeed::SyncReplFeed(SyncReplOptions options) : options_(std::move(options)) {
    options_.connection.loyalty =
        options_.dialect.portable_cookie ? Loyalty::none : Loyalty::waits;
}

FeedResult SyncReplFeed::run(const FeedStart& from, FeedSink& sink, std::stop_token stop) {
    SyncCookie start;
    if (!from.cookie.empty()) {
        auto parsed = options_.dialect.parse_cookie(from.cookie);
        if (!parsed) {
            return {FeedEnd::cookie_rejected, std::move(parsed).error()};
        }
        start = *std::move(parsed);
    }
    const auto deadline = connecting_deadline(options_.connection);
    auto connection = Connection::open_bound(
        options_.connection, deadline, stop,
        [&](Connection& one, Deadline until) {
            return require_current(one, options_.base, start, until);
        }
    );
    if (!connection) {
        return failed_run(std::move(connection).error(), stop);
    }
    Successor successor(options_.connection, *connection, stop);
    bool prove = from.interrupted;
    while (true) {
        options_.connection.reach->feed_at(connection->server());
        if (auto end = stream(*connection, start, prove, sink, successor, stop)) {
            leave_server(options_.connection, connection->server(), *end);
            return stop.stop_requested() ? FeedResult() : *std::move(end);
        }
        prove = false;
    }
}

/// One connection after another is followed; the next begins where the last one ended.
std::optional<FeedResult> SyncReplFeed::stream(
    Connection& connection, SyncCookie& start, bool prove, FeedSink& sink, Successor& successor,
    const std::stop_token& stop
) {
    const auto scope = search_request(options_);
    const auto id = connection.start_sync(
        MovedSubtree::with_signs(scope), start.to_string(options_.replica_id)
    );
    if (!id) {
        return failed_run(id.error(), stop);
    }
    if (auto status = sink.refresh_started(!start.empty()); !status) {
        return failed_run(std::move(status).error(), stop);
    }
    StreamProgress progress;
    // Another server may not have heard of what this one tells.
    const auto same_server = options_.connection.at(connection.server());
    std::optional<Heartbeat> heartbeat;
    heartbeat.emplace(
        same_server, options_.base, options_.heartbeat, connection.wire(), progress
    );
    MovedSubtree moved(same_server, scope, options_.dialect, stop);
    PresenceSearch presence(same_server, scope, options_.dialect, stop);
    SyncSession session(
        connection, moved, presence, sink, progress, start,
        {options_.base, options_.replica_id, options_.dialect, prove}
    );
    const auto patience =
        options_.dialect.silent_at_limits ? options_.connection.operation_timeout : endless;
    std::optional<Connection> next;
    const auto moves = [&] {
        if (!successor.ready()) {
            return false;
        }
        next = successor.take();
        if (!next) {
            return false;
        }
        if (const auto fits = suits(*next, session.cookie()); !fits) {
            successor.give_up(*next, connection, fits.error());
            next.reset();
        }
        return next.has_value();
    };
    auto result = follow(connection, *id, session, progress, sink, patience, moves);
    if (!result) {
        start = session.cookie();
        heartbeat.reset();
        connection = *std::move(next);
        return std::nullopt;
    }
    if (auto verdict = heartbeat->verdict(); verdict && !stop.stop_requested()) {
        result = {FeedEnd::disconnected, *std::move(verdict)};
    }
    return result;
}

Status SyncReplFeed::suits(Connection& next, const SyncCookie& cookie) const {
    const auto until = steady_clock::now() + options_.connection.network_timeout;
    return require_current(next, options_.base, cookie, until);
}

std::string SyncReplFeed::fingerprint() const {
    return fmt::format(
        "{}|{}|{}|{}|{}|{}", options_.dialect.name, server_set_text(options_.connection),
        dn_key_or_raw(options_.base), options_.filter, attribute_set_text(options_.attributes),
        options_.connection.identity()
    );
}

}  // namespace bascule::ldap
