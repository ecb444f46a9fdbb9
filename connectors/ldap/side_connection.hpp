#pragma once

#include <optional>
#include <stop_token>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// A second connection beside a stream, for the questions that the stream cannot answer: opened
/// when it is needed, and again when the server closed it. A stop request ends what waits. Used by
/// one thread.
class SideConnection {
  public:
    SideConnection(ConnectionOptions options, std::stop_token stop);

    /// Valid until the next call. Errors as of Connection::open_bound().
    [[nodiscard]] Result<Connection*> get();
    /// Ends it when nothing was asked for a minute.
    void rest();
    [[nodiscard]] const ConnectionOptions& options() const { return options_; }

  private:
    ConnectionOptions options_;
    std::stop_token stop_;
    std::optional<Connection> connection_;
    Deadline used_;
};

}  // namespace bascule::ldap
