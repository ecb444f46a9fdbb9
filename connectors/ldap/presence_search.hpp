#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "connectors/ldap/connection.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::ldap {

/// Names everything that stands in the scope of a synchronisation search at the moment, by a plain
/// search for `entryUUID` alone on a connection of its own.
///
/// A provider that died keeps neither its session log nor, since the last checkpoint, its
/// contextCSN. It then takes an older stamp for the beginning of its new session log, accepts a
/// later cookie and names no deletion of the time before: such a refresh is complete in what was
/// added and changed, and silent about what is gone.
class PresenceSearch {
  public:
    using Take = std::function<Status(const std::vector<Uuid>&)>;

    /// `options` reach the server of the stream; `scope` is the synchronisation search.
    PresenceSearch(ConnectionOptions options, SearchRequest scope, std::stop_token stop);

    /// Hands over the anchors in portions, after what the refresh told and before what follows it:
    /// then what is missing is gone, and what came since is known to the stream. Returns whether
    /// everything was named; not, when another server holds a part or `entryUUID` may not be read.
    /// `too_large`/"directory_limit" when the account's limits cut the answer short. For one use.
    [[nodiscard]] Result<bool> read(const Take& take);

  private:
    ConnectionOptions options_;
    SearchRequest scope_;
    std::stop_token stop_;
};

}  // namespace bascule::ldap
