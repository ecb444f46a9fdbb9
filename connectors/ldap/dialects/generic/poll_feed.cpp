#include "connectors/ldap/dialects/generic/poll_feed.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/dialects/dialect.hpp"
#include "connectors/ldap/dialects/generic/poll_run.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/feed_failure.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "connectors/ldap/silence_watch.hpp"
#include "connectors/ldap/successor.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;
using std::chrono::steady_clock;

PollFeed::PollFeed(PollOptions options) : options_(std::move(options)) {
    // Another server of the same content may be behind, and its clock is another one.
    options_.connection.loyalty = Loyalty::prefers;
}

FeedResult PollFeed::run(
    const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
) {
    const auto deadline = connecting_deadline(options_.connection);
    auto connection = Connection::open_bound(options_.connection, deadline, stop);
    if (!connection) {
        return failed_run(std::move(connection).error(), stop);
    }
    bool resumes = !known_.empty() && !token_.empty() && start.cookie == token_;
    if (!resumes) {
        known_.clear();
        newest_.clear();
        if (!start.cookie.empty()) {
            if (auto status = remember_held(sink); !status) {
                return failed_run(std::move(status).error(), stop);
            }
            resumes = !known_.empty();
        }
    }
    Successor successor(options_.connection, *connection, stop);
    while (true) {
        const auto server = connection->server();
        options_.connection.reach->feed_at(server);
        if (auto end = stream(*connection, resumes, sink, successor, stop)) {
            leave_server(options_.connection, server, *end);
            return stop.stop_requested() ? FeedResult() : *std::move(end);
        }
        resumes = true;
    }
}

/// One connection after another is followed; the next begins with what the last one knew.
std::optional<FeedResult> PollFeed::stream(
    Connection& connection, bool resumes, directory::FeedSink& sink, Successor& successor,
    const std::stop_token& stop
) {
    const auto root =
        read_root_entry(connection, steady_clock::now() + options_.connection.operation_timeout);
    if (!root) {
        return failed_run(root.error(), stop);
    }
    std::optional<Connection> next;
    const auto moves = [&] {
        if (successor.ready()) {
            next = successor.take();
        }
        return next.has_value();
    };
    std::optional<FeedResult> end;
    {
        const SilenceWatch silence(options_.connection, connection);
        PollRun run(options_, connection, *root, known_, newest_, sink, stop);
        end = run.follow(resumes, moves);
        if (!run.token().empty()) {
            token_ = run.token();
            newest_ = run.newest();
        }
        if (auto verdict = silence.verdict(); verdict && end && !stop.stop_requested()) {
            return FeedResult{FeedEnd::disconnected, *std::move(verdict)};
        }
    }
    if (!end) {
        connection = *std::move(next);
    }
    return end;
}

/// What was served is known by place and stamp; whatever differs from that is read.
Status PollFeed::remember_held(directory::FeedSink& sink) {
    return sink.each_held([this](const directory::MirrorEntry& held) -> Status {
        known_.remember(held);
        newest_ = std::max(newest_, held.csn);
        return {};
    });
}

std::string PollFeed::fingerprint() const {
    return fmt::format(
        "poll|{}|{}|{}|{}|{}", server_set_text(options_.connection), dn_key_or_raw(options_.base),
        to_ascii_lower(options_.anchor), attribute_set_text(options_.attributes),
        options_.connection.identity()
    );
}

}  // namespace bascule::ldap
