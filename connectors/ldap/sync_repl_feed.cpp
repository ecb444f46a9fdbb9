#include "connectors/ldap/sync_repl_feed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/feed_failure.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "connectors/ldap/heartbeat.hpp"
#include "connectors/ldap/presence_search.hpp"
#include "connectors/ldap/sync_cookie.hpp"
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

/// Reads messages until something ends the stream. Everything that waits is taken before the sink
/// is told that nothing does. A refresh that is silent for longer than `refresh_patience` is asked
/// why.
FeedResult follow(
    Connection& connection, int id, SyncSession& session, StreamProgress& progress, FeedSink& sink,
    std::chrono::milliseconds refresh_patience
) {
    bool idle = false;
    auto asked = steady_clock::now();
    while (true) {
        auto message = connection.next_message(
            id, steady_clock::now() + (idle ? wait_slice : std::chrono::seconds{0})
        );
        if (!message) {
            return {FeedEnd::disconnected, std::move(message).error()};
        }
        if (*message == nullptr) {
            if (auto status = sink.idle(); !status) {
                return {FeedEnd::disconnected, std::move(status).error()};
            }
            if (!std::exchange(idle, true)) {
                progress.waiting();
            }
            if (session.refreshing() && steady_clock::now() - asked > refresh_patience) {
                if (auto end = session.ask_why_silent()) {
                    return *std::move(end);
                }
                asked = steady_clock::now();
            }
            continue;
        }
        idle = false;
        asked = steady_clock::now();
        progress.message_arrived();
        if (auto end = session.handle(message->get())) {
            return *std::move(end);
        }
    }
}

}  // namespace

SyncReplFeed::SyncReplFeed(SyncReplOptions options) : options_(std::move(options)) {}

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
    auto connection = Connection::open_bound(options_.connection, deadline, stop);
    if (!connection) {
        return failed_run(std::move(connection).error(), stop);
    }
    const auto scope = search_request(options_);
    const auto id = connection->start_sync(
        MovedSubtree::with_signs(scope), start.to_string(options_.replica_id)
    );
    if (!id) {
        return failed_run(id.error(), stop);
    }
    if (auto status = sink.refresh_started(!start.empty()); !status) {
        return failed_run(std::move(status).error(), stop);
    }
    StreamProgress progress;
    const Heartbeat heartbeat(
        options_.connection, options_.base, options_.heartbeat, connection->wire(), progress
    );
    // Another server may not have heard of what this one tells.
    auto same_server = options_.connection;
    same_server.servers = {connection->server()};
    MovedSubtree moved(same_server, scope, options_.dialect, stop);
    PresenceSearch presence(std::move(same_server), scope, options_.dialect, stop);
    SyncSession session(
        *connection, moved, presence, sink, progress, std::move(start),
        {options_.base, options_.replica_id, options_.dialect, from.interrupted}
    );
    const auto patience =
        options_.dialect.silent_at_limits ? options_.connection.operation_timeout : endless;
    auto result = follow(*connection, *id, session, progress, sink, patience);
    if (stop.stop_requested()) {
        return {};
    }
    if (auto verdict = heartbeat.verdict()) {
        result = {FeedEnd::disconnected, *std::move(verdict)};
    }
    return result;
}

std::string SyncReplFeed::fingerprint() const {
    return fmt::format(
        "{}|{}|{}|{}|{}|{}", options_.dialect.name, server_set_text(options_.connection.servers),
        dn_key_or_raw(options_.base), options_.filter, attribute_set_text(options_.attributes),
        dn_key_or_raw(options_.connection.bind_dn)
    );
}

}  // namespace bascule::ldap
