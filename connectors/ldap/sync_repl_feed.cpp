#include "connectors/ldap/sync_repl_feed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/feed_failure.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "connectors/ldap/heartbeat.hpp"
#include "connectors/ldap/presence_search.hpp"
#include "connectors/ldap/side_connection.hpp"
#include "connectors/ldap/silence_watch.hpp"
#include "connectors/ldap/stall_watch.hpp"
#include "connectors/ldap/successor.hpp"
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

Error stalled_error() {
    return Error{
        ErrorKind::unavailable,
        "directory_silent",
        "A message of the directory server comes to no end; the connection is made anew.",
        {},
        {},
        {}};
}

/// Reads messages until something ends the stream, or `moves` in the persist phase: then it has not
/// ended. Everything that waits is taken before the sink is told that nothing does. A refresh that
/// is silent for longer than `refresh_patience` is asked why; a message that comes byte by byte is
/// waited for no longer than `message_patience`.
std::optional<FeedResult> follow(
    Connection& connection, int id, SyncSession& session, StreamProgress& progress, FeedSink& sink,
    std::chrono::milliseconds refresh_patience, std::chrono::milliseconds message_patience,
    const std::function<bool()>& moves
) {
    bool idle = false;
    StallWatch watch(connection.wire(), message_patience);
    auto asked = steady_clock::now();
    while (true) {
        auto message = connection.next_message(
            id, steady_clock::now() + (idle ? wait_slice : std::chrono::seconds{0})
        );
        if (!message) {
            return failed_run(std::move(message).error(), {});
        }
        if (*message == nullptr) {
            if (auto status = sink.idle(); !status) {
                return FeedResult{FeedEnd::disconnected, std::move(status).error()};
            }
            if (!std::exchange(idle, true)) {
                progress.waiting();
            }
            if (watch.stalled()) {
                return FeedResult{FeedEnd::disconnected, stalled_error()};
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
        watch.message_arrived();
        if (auto end = session.handle(*message)) {
            return end;
        }
    }
}

}  // namespace

/// One connection, with one search or, while the server has no room for a stream, several.
class SyncReplFeed::Run {
  public:
    Run(const SyncReplOptions& options, WorkConnection& work, Connection& connection,
        FeedSink& sink, Successor& successor, const std::stop_token& stop)
        : options_(options),
          connection_(connection),
          sink_(sink),
          successor_(successor),
          stop_(stop),
          scope_(search_request(options)),
          heartbeat_(
              work, connection.server(), scope_, options.heartbeat, options.dialect,
              connection.wire(), progress_
          ),
          silence_(options.connection, connection),
          // Another server may not have heard of what this one tells.
          side_(options.connection.at(connection.server()), stop),
          moved_(side_, scope_, options.dialect),
          presence_(side_, scope_, options.dialect),
          member_log_(side_, options.member_log) {}

    FeedResult stream(SyncCookie start, bool interrupted) {
        cookie_ = std::move(start);
        if (!options_.member_log.base.empty()) {
            // Everything with members once; what follows comes without them.
            if (cookie_.empty()) {
                if (auto result = search(SyncMode::refresh_only, interrupted);
                    !std::exchange(refreshed_, false)) {
                    return verdict_or(std::move(result));
                }
                interrupted = false;
            }
            without_members_ = true;
        }
        auto result = search(SyncMode::refresh_and_persist, interrupted);
        if (options_.dialect.polls_when_full && result.error.code == too_many_sessions_code) {
            result = poll(std::move(result), interrupted);
        }
        return verdict_or(std::move(result));
    }
    /// The connection to go on with from cookie(); nothing when the stream has ended.
    [[nodiscard]] std::optional<Connection> take_next() {
        return std::exchange(next_, std::nullopt);
    }
    [[nodiscard]] const SyncCookie& cookie() const { return cookie_; }

  private:
    FeedResult verdict_or(FeedResult result) const {
        for (auto verdict : {silence_.verdict(), heartbeat_.verdict()}) {
            if (verdict && !next_) {
                return {FeedEnd::disconnected, *std::move(verdict)};
            }
        }
        return result;
    }

    /// What the server is asked for.
    [[nodiscard]] SearchRequest stream_scope() const {
        auto scope = MovedSubtree::with_signs(scope_);
        if (without_members_) {
            std::erase_if(scope.attributes, [&](const std::string& name) {
                return std::ranges::any_of(options_.member_log.attributes, [&](const auto& one) {
                    return equals_ignoring_ascii_case(one, name);
                });
            });
        }
        return scope;
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
        const auto id =
            connection_.start_sync(stream_scope(), cookie_.to_string(options_.replica_id), mode);
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
            {options_.base, options_.replica_id, options_.dialect, interrupted, live_,
             without_members_ ? &member_log_ : nullptr}
        );
        const auto patience =
            options_.dialect.silent_at_limits ? options_.connection.operation_timeout : endless;
        auto result = follow(
            connection_, *id, session, progress_, sink_, patience,
            options_.connection.operation_timeout,
            [&] {
                side_.rest();
                return moves(session.cookie());
            }
        );
        refreshed_ = !session.refreshing();
        if (refreshed_) {
            cookie_ = session.cookie();
        }
        return result.value_or(FeedResult());
    }

    /// Whether there is a better connection, on a server that is not behind.
    bool moves(const SyncCookie& cookie) {
        if (!successor_.ready()) {
            return false;
        }
        next_ = successor_.take();
        if (!next_) {
            return false;
        }
        const auto until = steady_clock::now() + options_.connection.network_timeout;
        const auto fits = require_current(*next_, options_.base, cookie, until);
        if (!fits) {
            successor_.give_up(*next_, connection_, fits.error());
            next_.reset();
        }
        return fits.has_value();
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
    Successor& successor_;
    const std::stop_token& stop_;
    std::optional<Connection> next_;
    SearchRequest scope_;
    SyncCookie cookie_;
    bool live_ = false;       ///< the sink is
    bool refreshed_ = false;  ///< the last search came to the end of its refresh
    StreamProgress progress_;
    Heartbeat heartbeat_;
    SilenceWatch silence_;
    SideConnection side_;  ///< for every question beside the stream
    MovedSubtree moved_;
    PresenceSearch presence_;
    MemberLog member_log_;
    bool without_members_ = false;
};

SyncReplFeed::SyncReplFeed(WorkConnection& work, SyncReplOptions options)
    : work_(work), options_(std::move(options)) {
    options_.connection.loyalty = options_.dialect.portable_cookie ? Loyalty::none : Loyalty::waits;
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
    if (!start.server().empty()) {
        options_.connection.reach->feed_was_at(start.server());
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
    bool interrupted = from.interrupted;
    while (true) {
        const auto server = connection->server();
        options_.connection.reach->feed_at(server);
        if (!options_.dialect.portable_cookie) {
            start.set_server(server);
        }
        std::optional<Connection> next;
        {
            Run run(options_, work_, *connection, sink, successor, stop);
            auto result = run.stream(std::move(start), interrupted);
            next = run.take_next();
            if (!next) {
                leave_server(options_.connection, server, result);
                return stop.stop_requested() ? FeedResult() : std::move(result);
            }
            start = run.cookie();
        }
        *connection = *std::move(next);
        interrupted = false;
    }
}

std::string SyncReplFeed::fingerprint() const {
    return fmt::format(
        "{}|{}|{}|{}|{}|{}", options_.dialect.name, server_set_text(options_.connection),
        dn_key_or_raw(options_.base), options_.filter, attribute_set_text(options_.attributes),
        options_.connection.identity()
    );
}

}  // namespace bascule::ldap
