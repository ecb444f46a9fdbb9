#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "connectors/ldap/sync_cookie.hpp"
#include "connectors/ldap/sync_dialect.hpp"
#include "connectors/ldap/work_connection.hpp"

namespace bascule::ldap {

/// How far a synchronisation stream has come; written by the feed's thread, read by the
/// heartbeat's.
class StreamProgress {
  public:
    void set_cookie(const SyncCookie& cookie);
    [[nodiscard]] SyncCookie cookie() const;
    /// The refresh is over: from now on every change must arrive.
    void set_live() { live_ = true; }
    [[nodiscard]] bool live() const { return live_; }
    /// A message arrived and is being worked on, or the feed waits for the next one.
    void message_arrived();
    void waiting() { waiting_ = true; }
    /// True when the feed has been waiting, without any message, since `instant`.
    [[nodiscard]] bool silent_since(std::chrono::steady_clock::time_point instant) const;

  private:
    mutable std::mutex mutex_;
    SyncCookie cookie_;
    std::atomic<bool> live_ = false;
    std::atomic<bool> waiting_ = false;
    std::atomic<std::chrono::steady_clock::time_point> last_message_{
        std::chrono::steady_clock::now()};
};

/// Asks the provider on a work connection how far it has come (contextCSN, change number). When
/// the provider does not answer twice, or has something newer that the stream does not deliver for
/// two intervals although the feed is waiting, the stream is dead: its wire is shut, so that the
/// feed connects anew. A quiet connection proves nothing.
class Heartbeat {
  public:
    /// `interval` of zero: no heartbeat. `server` and `scope` are the stream's. References outlive
    /// it.
    Heartbeat(
        WorkConnection& work, std::string server, SearchRequest scope,
        std::chrono::milliseconds interval, const SyncDialect& dialect, const Wire& wire,
        const StreamProgress& progress
    );
    /// Why the stream was declared dead, if it was.
    [[nodiscard]] std::optional<Error> verdict() const;

  private:
    void run(const std::stop_token& stop);
    void beat(const std::stop_token& stop);
    [[nodiscard]] Result<SyncCookie> ask(const std::stop_token& stop);
    [[nodiscard]] Result<SyncCookie> read_provider(Connection& connection, Deadline deadline);
    void compare(const SyncCookie& provider, const std::stop_token& stop);
    [[nodiscard]] bool missed_nothing(const SyncCookie& provider, const std::stop_token& stop);
    [[nodiscard]] Deadline deadline() const;
    /// What the stream has told, and what was found to concern it not.
    [[nodiscard]] SyncCookie known() const;
    void declare_dead(std::string code, std::string sentence, std::string context);

    WorkConnection& work_;
    std::string server_;
    SearchRequest scope_;
    std::chrono::milliseconds interval_;
    const SyncDialect& dialect_;
    const Wire& wire_;
    const StreamProgress& progress_;
    std::string naming_context_;  ///< empty until it was asked for
    SyncCookie of_others_;        ///< until there, nothing that the stream did not tell concerns it
    int failures_ = 0;
    std::optional<std::chrono::steady_clock::time_point> behind_since_;
    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::optional<Error> verdict_;
    std::jthread thread_;  ///< last: it uses everything above
};

}  // namespace bascule::ldap
