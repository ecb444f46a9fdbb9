#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// A persistent search (draft-ietf-ldapext-psearch-03) on a connection of its own that is used as a
/// bell only: what it sends has no order, no cookie and no memory.
class ChangeAlarm {
  public:
    enum class Ring {
        none,
        changed,
        removed,  ///< an entry was deleted or renamed, perhaps among other changes
        broken,   ///< no bell any more
    };

    /// Whether the server offers it.
    [[nodiscard]] static bool is_offered(const directory::SourceEntry& root);
    [[nodiscard]] static Result<ChangeAlarm> start(
        const ConnectionOptions& options, const std::string& base, const std::stop_token& stop
    );

    /// Waits until something happened and takes everything that came with it.
    [[nodiscard]] Ring wait(std::chrono::steady_clock::time_point until);

  private:
    ChangeAlarm(Connection connection, int id) : connection_(std::move(connection)), id_(id) {}
    Connection connection_;
    int id_;
};

}  // namespace bascule::ldap
