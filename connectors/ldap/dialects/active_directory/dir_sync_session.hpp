#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "connectors/ldap/dialects/active_directory/dir_sync_feed.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_increments.hpp"
#include "connectors/ldap/dialects/active_directory/due_times.hpp"
#include "connectors/ldap/dialects/active_directory/entry_reader.hpp"
#include "connectors/ldap/dialects/active_directory/primary_groups.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::ldap {

/// One connection of a DirSyncFeed, from the first question to its end.
class DirSyncSession {
  public:
    /// References outlive it.
    DirSyncSession(
        Connection& connection, const Controller& controller, const DirSyncOptions& options,
        directory::FeedSink& sink
    );

    /// Reads from `start`, or everything, and follows until an error or a stop request ends it.
    /// `moves` ends it, too, when nothing is left to be told.
    [[nodiscard]] Status run(
        std::optional<DirSyncCookie> start, const std::stop_token& stop,
        const std::function<bool()>& moves
    );
    /// Up to where everything was told.
    [[nodiscard]] DirSyncCookie position() const;

  private:
    [[nodiscard]] Status snapshot();
    [[nodiscard]] Status resume(DirSyncCookie start);
    [[nodiscard]] Status follow(const std::stop_token& stop, const std::function<bool()>& moves);

    /// One increment to the sink; true when it told anything.
    [[nodiscard]] Result<bool> tell_increment();
    [[nodiscard]] Status tell(const std::vector<Delta>& deltas);
    [[nodiscard]] Status tell_changed(const std::vector<Delta>& deltas);
    [[nodiscard]] Status tell_groups();
    [[nodiscard]] Status tell_members(const std::vector<Delta>& deltas);
    [[nodiscard]] Status tell_entry(EntryReader::Found found, bool stamped);
    [[nodiscard]] Status tell_primary_groups(bool at_once);

    [[nodiscard]] Status schedule(Time from);
    [[nodiscard]] Result<bool> tell_due();
    [[nodiscard]] Status keep_cookie(bool told);
    [[nodiscard]] Status audit();
    void wait(const std::stop_token& stop);

    Connection& connection_;
    const Controller& controller_;
    const DirSyncOptions& options_;
    directory::FeedSink& sink_;
    EntryReader reader_;
    DirSyncIncrements increments_;
    PrimaryGroups primary_groups_;
    DirSyncCookie cookie_;
    std::string stored_;       ///< the cookie that the sink was given last
    bool cookie_due_ = false;  ///< it should be given the present one
    bool whole_domain_;
    bool deletions_visible_ = false;
    bool other_controller_ = false;  ///< than the one that the position came from

    DueTimes due_;
    Time scheduled_until_{};
    std::chrono::steady_clock::time_point next_poll_{};
    std::chrono::steady_clock::time_point next_audit_{};
    std::chrono::steady_clock::time_point cookie_kept_{};
    std::mutex mutex_;
    std::condition_variable_any wake_;
};

}  // namespace bascule::ldap
