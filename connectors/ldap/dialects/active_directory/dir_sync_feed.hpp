#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

class Connection;
class Successor;
struct DirSyncCookie;

struct DirSyncOptions {
    ConnectionOptions connection;
    std::string base;                     ///< the whole subtree is read
    std::vector<std::string> attributes;  ///< that mappings read, computed ones included
    /// How often changes are asked for. An increment without changes costs a domain controller
    /// about 2 ms; Samba's notifications come up to 5 s late.
    std::chrono::milliseconds poll{1'000};
    /// How often it is compared which entries exist, as long as the service account has never seen
    /// a deleted object; longer when the comparison takes long.
    std::chrono::milliseconds audit{300'000};
    /// Members of groups are mapped from `member` alone: who joins and leaves is told as such.
    bool tells_members = false;
    std::uint32_t page = 1000;  ///< entries of a page of the first reading
    std::size_t range = 1500;   ///< values of an attribute that are asked for at a time
};

/// Reads Active Directory and Samba by DirSync (MS-ADTS 3.1.1.3.4.1.3): a paged reading first, then
/// increments. An increment tells which objects changed; they are read whole by objectGUID, because
/// ranges, primary groups, computed bits and the place in the tree belong to it. Only who joined
/// and left a group is taken from the increment itself, so that it does not matter how large the
/// group is.
///
/// Deleted objects are told one by one. An account that cannot see them gets a comparison of all
/// anchors from time to time instead. What depends on the time (accountExpires, the end of a
/// lockout) is told when the instant comes. Ends within 500 ms after a stop request. The sink is
/// called on the calling thread. One run at a time.
class DirSyncFeed final : public directory::Feed {
  public:
    explicit DirSyncFeed(DirSyncOptions options);

    [[nodiscard]] directory::FeedResult run(
        const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
    ) override;
    /// Of base, attributes and identity. Another domain controller may go on with a cookie.
    [[nodiscard]] std::string fingerprint() const override;

  private:
    [[nodiscard]] Status stream(
        Connection& connection, std::optional<DirSyncCookie>& start, directory::FeedSink& sink,
        Successor& successor, const std::stop_token& stop
    );

    DirSyncOptions options_;
};

}  // namespace bascule::ldap
