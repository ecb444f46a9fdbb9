#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// Notices soon that a stream's server is there and says nothing, where the source has another one
/// to go on with. While the stream hears nothing, the server is asked for its root entry on a
/// second connection, and, when that gets no answer, once more on a new one, so that neither a slow
/// server nor a broken connection is taken for a silent server. Any answer counts, a refusal as
/// well. A server that is silent has its stream's wire shut, at most `options.silence` after it
/// fell silent.
///
/// Without another server, or where changing servers means reading everything again
/// (Loyalty::waits), it does nothing.
class SilenceWatch {
  public:
    /// `stream` outlives it.
    SilenceWatch(const ConnectionOptions& options, const Connection& stream);
    /// `timeout`/"directory_silent" once the server was found silent.
    [[nodiscard]] std::optional<Error> verdict() const;

  private:
    void run(const std::stop_token& stop);
    [[nodiscard]] bool is_silent(const std::stop_token& stop);
    /// False when no answer came in time.
    [[nodiscard]] bool answers(std::chrono::milliseconds patience, const std::stop_token& stop);

    ConnectionOptions options_;
    std::chrono::milliseconds step_;
    const Wire& wire_;
    Deadline answered_at_;
    std::optional<Connection> connection_;
    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::optional<Error> verdict_;
    std::jthread thread_;  ///< last: it uses everything above
};

}  // namespace bascule::ldap
