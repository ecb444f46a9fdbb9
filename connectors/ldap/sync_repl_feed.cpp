#include "connectors/ldap/sync_repl_feed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/feed_failure.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "connectors/ldap/heartbeat.hpp"
#include "connectors/ldap/presence_search.hpp"
#include "connectors/ldap/sync_cookie.hpp"
#include "connectors/ldap/sync_end.hpp"
#include "connectors/ldap/sync_session.hpp"
#include "directory/base/log.hpp"
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

/// One connection, with one search or, while the server has no room for a stream, several.
class SyncReplFeed::Run {
  public:
    Run(const SyncReplOptions& options, Connection& connection, FeedSink& sink,
        const std::stop_token& stop)
        : options_(options),
          connection_(connection),
          sink_(sink),
          stop_(stop),
          scope_(search_request(options)),
          heartbeat_(
              options.connection, scope_, options.heartbeat, options.dialect, connection.wire(),
              progress_
          ),
          moved_(this_server(), scope_, options.dialect, stop),
          presence_(this_server(), scope_, options.dialect, stop) {}

    FeedResult stream(SyncCookie start, bool interrupted) {
        cookie_ = std::move(start);
        auto result = search(SyncMode::refresh_and_persist, interrupted);
        if (options_.dialect.polls_when_full && result.error.code == too_many_sessions_code) {
            result = poll(std::move(result), interrupted);
        }
        if (auto verdict = heartbeat_.verdict()) {
            return {FeedEnd::disconnected, *std::move(verdict)};
        }
        return result;
    }

  private:
    /// Another server may not have heard of what this one tells.
    [[nodiscard]] ConnectionOptions this_server() const {
        auto same = options_.connection;
        same.servers = {connection_.server()};
        return same;
    }

    /// Asks for changes from time to time until there is room for a stream.
    FeedResult poll(FeedResult full, bool interrupted) {
        log::warning(
            "stream_refused",
            "The directory server has no room for another stream; changes are asked for from time "
            "to time until it has.",
            {{"base", options_.base}}
        );
        while (full.error.code == too_many_sessions_code && !stop_.stop_requested()) {
            if (auto result = search(SyncMode::refresh_only, interrupted);
                !std::exchange(refreshed_, false)) {
                return result;
            }
            interrupted = false;
            live_ = true;
            if (auto status = sink_.idle(); !status) {
                return {FeedEnd::disconnected, std::move(status).error()};
            }
            progress_.waiting();
            wait();
            full = search(SyncMode::refresh_and_persist, false);
        }
        return full;
    }

    FeedResult search(SyncMode mode, bool interrupted) {
        const auto id = connection_.start_sync(
            MovedSubtree::with_signs(scope_), cookie_.to_string(options_.replica_id), mode
        );
        if (!id) {
            return failed_run(id.error(), stop_);
        }
        if (!live_) {
            if (auto status = sink_.refresh_started(!cookie_.empty()); !status) {
                return failed_run(std::move(status).error(), stop_);
            }
        }
        SyncSession session(
            connection_, moved_, presence_, sink_, progress_, cookie_,
            {options_.base, options_.replica_id, options_.dialect, interrupted, live_}
        );
        const auto patience =
            options_.dialect.silent_at_limits ? options_.connection.operation_timeout : endless;
        auto result = follow(connection_, *id, session, progress_, sink_, patience);
        refreshed_ = !session.refreshing();
        if (refreshed_) {
            cookie_ = session.cookie();
        }
        return result;
    }

    void wait() const {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any never;
        never.wait_for(lock, stop_, options_.poll, [] { return false; });
    }

    const SyncReplOptions& options_;
    Connection& connection_;
    FeedSink& sink_;
    const std::stop_token& stop_;
    SearchRequest scope_;
    SyncCookie cookie_;
    bool live_ = false;       ///< the sink is
    bool refreshed_ = false;  ///< the last search came to the end of its refresh
    StreamProgress progress_;
    Heartbeat heartbeat_;
    MovedSubtree moved_;
    PresenceSearch presence_;
};

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
    Run run(options_, *connection, sink, stop);
    auto result = run.stream(std::move(start), from.interrupted);
    return stop.stop_requested() ? FeedResult() : std::move(result);
}

std::string SyncReplFeed::fingerprint() const {
    return fmt::format(
        "{}|{}|{}|{}|{}|{}", options_.dialect.name, server_set_text(options_.connection.servers),
        dn_key_or_raw(options_.base), options_.filter, attribute_set_text(options_.attributes),
        dn_key_or_raw(options_.connection.bind_dn)
    );
}

}  // namespace bascule::ldap
