#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/member_log.hpp"
#include "connectors/ldap/sync_dialect.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

struct SyncReplOptions {
    ConnectionOptions connection;
    std::string base;  ///< search base; the whole subtree is read
    std::string filter = "(objectClass=*)";
    /// What is read of each entry; empty: all user attributes. The dialect's stamp,
    /// hasSubordinates and createTimestamp are always added.
    std::vector<std::string> attributes;
    int replica_id =
        100;  ///< 0 to 999; stable for a source, so that servers recognise the consumer
    /// How often the provider's newest stamps are compared with the stream; zero: never.
    std::chrono::milliseconds heartbeat{30'000};
    /// How often changes are asked for while the server has no room for another stream.
    std::chrono::milliseconds poll{10'000};
    SyncDialect dialect;
    /// With a log, changes come without the members of groups, and what changed of those is looked
    /// up there.
    MemberLogOptions member_log;
};

/// Reads a directory by content synchronisation, refreshAndPersist (RFC 4533). A
/// cookie-less refresh that completes with at least one entry is a snapshot; a present phase that
/// names something proves absence; everything else does not, and when the run before was
/// interrupted, which entries exist is read by a search of its own. So is what stands below a
/// container that moved into the base, because the provider does not send it. Ends
/// within 500 ms after a stop request; memory is bounded by the largest message. The sink is called
/// on the calling thread. One run at a time.
class SyncReplFeed final : public directory::Feed {
  public:
    /// `work` is of the same servers and outlives the feed.
    SyncReplFeed(WorkConnection& work, SyncReplOptions options);

    [[nodiscard]] directory::FeedResult run(
        const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
    ) override;
    /// Of servers, base, filter, attributes and identity: with another one a resumed run could miss
    /// something.
    [[nodiscard]] std::string fingerprint() const override;

  private:
    class Run;
    WorkConnection& work_;
    SyncReplOptions options_;
};

}  // namespace bascule::ldap
