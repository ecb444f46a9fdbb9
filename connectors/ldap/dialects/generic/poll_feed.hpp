#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/dialects/generic/known_entries.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

class Connection;
class Successor;

struct PollOptions {
    ConnectionOptions connection;
    std::string base;  ///< search base; the whole subtree is read
    std::vector<std::string> attributes;
    /// The attribute that names an entry for ever; "dn" when there is none, so that a rename looks
    /// like a deletion and a new entry. Entries without the attribute go by their DN, unless it is
    /// one of the following. Empty: the first that the base entry has of entryUUID,
    /// nsUniqueId, ibm-entryUuid, GUID and objectGUID.
    std::string anchor;
    std::chrono::milliseconds interval{15'000};  ///< between two looks for changed entries
    std::chrono::milliseconds overlap{300'000};  ///< how far a look reaches back, by their stamps
    std::chrono::milliseconds audit{3'600'000};  ///< between two listings of all entries
    std::uint32_t page_size = 1000;
    /// Asked before everything is listed, so that a server is not burdened twice at a time. What it
    /// gives lives as long as the listing. Null: not now; after waiting: it is to stop.
    using BeginListing =
        std::function<std::shared_ptr<const void>(bool wait, const std::stop_token& stop)>;
    BeginListing begin_listing = {};
};

/// Reads a directory that has no change feed. Every `interval` entries are read whose
/// modifyTimestamp is not older than the newest one seen, less `overlap`: no clock but the server's
/// counts. A listing of all anchors and stamps finds what that cannot: deletions, moved subtrees,
/// restored entries. It alone proves absence; what it lacks is looked for once more before it is
/// gone. Where the server offers persistent search (draft-ietf-ldapext-psearch-03), a change is
/// looked for at once.
///
/// After a restart the mirror tells what it holds: a listing finds what differs, and only that is
/// read. Some 100 bytes of memory for each entry. Ends within 500 ms after a stop request. One run
/// at a time.
class PollFeed final : public directory::Feed {
  public:
    explicit PollFeed(PollOptions options);

    [[nodiscard]] directory::FeedResult run(
        const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
    ) override;
    [[nodiscard]] std::string fingerprint() const override;

  private:
    [[nodiscard]] std::optional<directory::FeedResult> stream(
        Connection& connection, bool resumes, directory::FeedSink& sink, Successor& successor,
        const std::stop_token& stop
    );
    [[nodiscard]] Status remember_held(directory::FeedSink& sink);

    PollOptions options_;
    KnownEntries known_;
    /// The cookie under which the mirror holds what is known.
    std::string token_;
    std::string newest_;
};

}  // namespace bascule::ldap
