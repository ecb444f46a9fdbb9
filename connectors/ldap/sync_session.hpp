#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/entry_decoder.hpp"
#include "connectors/ldap/heartbeat.hpp"
#include "connectors/ldap/member_log.hpp"
#include "connectors/ldap/moved_subtree.hpp"
#include "connectors/ldap/presence_search.hpp"
#include "connectors/ldap/sync_cookie.hpp"
#include "connectors/ldap/sync_dialect.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

/// What a session knows of its search beforehand.
struct SyncSetup {
    std::string base;
    int replica_id = 0;
    const SyncDialect& dialect;  ///< outlives the session
    /// The refresh must bring a proof of absence.
    bool prove = false;
    /// The sink is live already: what the refresh from the cookie tells is live, too.
    bool continues = false;
    /// Entries come without members of groups: what changed of those is looked up here.
    MemberLog* members = nullptr;
};

/// One synchronisation search from its first message to its last: turns messages into calls of the
/// sink and decides what the end of the refresh proves. Cookies that come inside a refresh are not
/// passed on: they are not usable on their own. What a container brought with it into the scope is
/// read and handed over before the cookie of its message is.
class SyncSession {
  public:
    /// `cookie` is what was sent; empty for a snapshot. `presence` is asked at the end of a refresh
    /// that should prove something and proves nothing by itself.
    SyncSession(
        Connection& connection, MovedSubtree& moved, PresenceSearch& presence,
        directory::FeedSink& sink, StreamProgress& progress, SyncCookie cookie, SyncSetup setup
    );

    /// Handles one message; a value ends the feed.
    [[nodiscard]] std::optional<directory::FeedResult> handle(const Message& message);
    /// To be called when a refresh has been silent for long; a value ends the feed with the reason
    /// that the server did not tell.
    [[nodiscard]] std::optional<directory::FeedResult> ask_why_silent();
    [[nodiscard]] bool refreshing() const { return refreshing_; }
    /// Up to where everything was handed over.
    [[nodiscard]] const SyncCookie& cookie() const { return cookie_; }

  private:
    using End = std::optional<directory::FeedResult>;
    [[nodiscard]] Status entry(const Message& message);
    [[nodiscard]] Status changed(const Message& message, const DecodedState& state);
    /// A group whose members did not come with it.
    [[nodiscard]] Status tell_group(const directory::SourceEntry& group, bool may_bring_others);
    /// `may_bring_others`: what stands below it may be new and is not told.
    [[nodiscard]] Status hand_over(directory::SourceEntry entry, bool may_bring_others);
    /// Whether the provider may have left out what stands below an entry with this stamp.
    [[nodiscard]] bool may_leave_out(const DecodedState& state, const std::string& stamp) const;
    [[nodiscard]] End information(LDAPMessage* message);
    [[nodiscard]] End result(LDAPMessage* message);
    [[nodiscard]] Status read_changed();
    [[nodiscard]] Status id_set(const SyncInfo& info);
    /// `presence`: the server named what is present, so that the rest is gone.
    [[nodiscard]] End refresh_end(bool presence, const std::optional<std::string>& cookie);
    [[nodiscard]] directory::AbsenceProof proof(bool presence) const;
    /// The same, with a proof by search where one is needed; what the refresh did not tell although
    /// it is newer is read.
    [[nodiscard]] Result<directory::AbsenceProof> complete_proof(bool presence);
    [[nodiscard]] End check_memory();
    [[nodiscard]] Status advance(const std::string& cookie);

    Connection& connection_;
    MovedSubtree& moved_;
    PresenceSearch& presence_;
    directory::FeedSink& sink_;
    StreamProgress& progress_;
    SyncCookie cookie_;
    SyncCookie sent_;
    SyncSetup setup_;
    bool from_cookie_;
    bool refreshing_ = true;
    bool reference_seen_ = false;
    std::vector<Uuid> to_read_;  ///< told as changed, without their attributes
    std::uint64_t entries_ = 0;
    std::uint64_t present_ = 0;
    std::uint64_t deleted_ = 0;
};

}  // namespace bascule::ldap
