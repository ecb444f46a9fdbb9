#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/side_connection.hpp"
#include "connectors/ldap/sync_dialect.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

/// Tells what stands in the scope of a synchronisation search at the moment, by a plain search for
/// `entryUUID` and `entryCSN` alone on a connection of its own.
///
/// A provider that died keeps neither its session log nor, since the last checkpoint, its
/// contextCSN. It then takes an older stamp for the beginning of its new session log, accepts a
/// later cookie and names no deletion of the time before; and to a cookie that equals that stamp it
/// says that nothing changed.
class PresenceSearch {
  public:
    using Take = std::function<Status(const std::vector<Uuid>&)>;
    using TakeEntry = std::function<Status(directory::SourceEntry)>;
    struct Found {
        /// Everything was named; not, when another server holds a part or `entryUUID` may not be
        /// read.
        bool complete = true;
        std::vector<Uuid> newer;  ///< stamped later than the cookie says
    };

    /// `side` reaches the server of the stream; `scope` is the synchronisation search. `side` and
    /// `dialect` outlive it.
    PresenceSearch(SideConnection& side, SearchRequest scope, const SyncDialect& dialect);

    /// Hands over all anchors in portions, after what the refresh told and before what follows it:
    /// then what is missing is gone, and what came since is known to the stream.
    /// `too_large`/"directory_limit" when the account's limits cut the answer short.
    [[nodiscard]] Result<Found> read(const SyncCookie& cookie, const Take& take);
    /// Hands over these entries, as far as they are still there.
    [[nodiscard]] Status read_entries(const std::vector<Uuid>& anchors, const TakeEntry& take);
    /// Whether the refresh from this cookie can have been complete; see SyncDialect::remembers.
    [[nodiscard]] Result<bool> remembers(const SyncCookie& sent, bool told);
    /// Reads the scope to its end and keeps nothing: succeeds unless a limit or an error stops it.
    [[nodiscard]] Status try_whole_scope();

  private:
    SideConnection& side_;
    SearchRequest scope_;
    const SyncDialect& dialect_;
};

}  // namespace bascule::ldap
