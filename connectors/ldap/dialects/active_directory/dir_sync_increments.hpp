#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/dialects/active_directory/controller.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_control.hpp"
#include "directory/model/member_change.hpp"

namespace bascule::ldap {

/// What an increment says about an object.
struct Delta {
    Uuid anchor;
    bool deleted = false;
    bool created = false;
    bool renamed = false;        ///< or moved
    bool primary_group = false;  ///< its primaryGroupID was set
    /// Of a group of which nothing else changed.
    std::optional<directory::MemberChange> members = {};
};

/// Asks a domain controller which objects changed since a cookie. Used by one thread.
class DirSyncIncrements {
  public:
    /// Changes of other attributes than these do not matter. References outlive it.
    DirSyncIncrements(
        Connection& connection, const Controller& controller, std::vector<std::string> attributes,
        std::chrono::milliseconds patience
    );

    /// Everything since the cookie, which is then that of the present. Errors: `cookie_rejected`
    /// when the server does not go on with the first one it is given; `directory_limit`,
    /// `sync_unsupported` and those of error_from_result().
    [[nodiscard]] Result<std::vector<Delta>> read(std::string& cookie);
    /// The cookie of the present alone.
    [[nodiscard]] Result<std::string> position();

  private:
    [[nodiscard]] Result<std::vector<Delta>> read(std::string& cookie, const std::string& filter);
    [[nodiscard]] Error failure(const Outcome& outcome) const;

    Connection& connection_;
    const Controller& controller_;
    std::vector<std::string> attributes_;
    std::chrono::milliseconds patience_;
    bool proved_ = false;  ///< the server has gone on with a cookie, or given one itself
};

/// The Error of a position from which nobody can go on.
[[nodiscard]] Error position_rejected(std::string context);

}  // namespace bascule::ldap
