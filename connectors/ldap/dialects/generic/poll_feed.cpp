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
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;
using std::chrono::steady_clock;

FeedResult PollFeed::run(
    const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
) {
    const auto deadline = connecting_deadline(options_.connection);
    auto connection = Connection::open_bound(options_.connection, deadline, stop);
    if (!connection) {
        return failed_run(std::move(connection).error(), stop);
    }
    const auto root = read_root_entry(*connection, deadline);
    if (!root) {
        return failed_run(root.error(), stop);
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
    PollRun run(options_, *connection, *root, known_, newest_, sink, stop);
    auto result = run.follow(resumes);
    if (!run.token().empty()) {
        token_ = run.token();
        newest_ = run.newest();
    }
    return stop.stop_requested() ? FeedResult() : std::move(result);
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
        "poll|{}|{}|{}|{}|{}", server_set_text(options_.connection.servers),
        dn_key_or_raw(options_.base), to_ascii_lower(options_.anchor),
        attribute_set_text(options_.attributes), dn_key_or_raw(options_.connection.bind_dn)
    );
}

}  // namespace bascule::ldap
