#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/replay/message_log.hpp"
#include "daemon/replay/replayer.hpp"
#include "directory/mirror/mirror_engine.hpp"
#include "directory/ports/clock.hpp"

namespace bascule::daemon {

/// The time of the message that is replayed.
class LogClock final : public directory::Clock {
  public:
    Time time{};
    [[nodiscard]] Time now() const override { return time; }
};

/// Plays the log of one source. One thread.
class SourcePlayer {
  public:
    /// Everything outlives it.
    SourcePlayer(
        const ReplaySource& source, directory::Store& store,
        std::shared_ptr<const mirror::JoinRules> joins, LogClock& clock, ReplayResult& result
    );
    /// Others are played beside it. Before anything is played.
    void keep_in_step() { in_step_ = true; }

    /// Opens the log and reads its first message.
    [[nodiscard]] Status open();
    /// Place of the next message among those of all sources; nothing at the end.
    [[nodiscard]] std::optional<std::uint64_t> order() const;
    /// Plays the next message and reads the one after it.
    [[nodiscard]] Status play();
    /// After the last message.
    [[nodiscard]] Status close();
    /// Carries out what changes of other sources mean for this one.
    [[nodiscard]] Status settle();

  private:
    [[nodiscard]] Status read();
    [[nodiscard]] Status apply(FeedMessage message);
    [[nodiscard]] Status begin_run(const FeedMessage& message);
    [[nodiscard]] Status attend();

    const ReplaySource& source_;
    directory::Store& store_;
    std::shared_ptr<const mirror::JoinRules> joins_;
    LogClock& clock_;
    ReplayResult& result_;
    std::unique_ptr<MessageLogReader> log_;
    std::optional<FeedMessage> next_;
    std::uint64_t runs_ = 0;
    bool in_step_ = false;
    std::string dialect_;
    std::string mapping_;
    ReplayMapping rules_;
    std::unique_ptr<mirror::MirrorEngine> engine_;
    Time attended_{};
    Time retried_{};
};

}  // namespace bascule::daemon
