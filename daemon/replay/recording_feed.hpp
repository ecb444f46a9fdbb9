#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/replay/message_log.hpp"
#include "daemon/replay/recording_turns.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::daemon {

/// What is recorded beside the messages when a run begins.
struct RecordedRun {
    std::string source;
    std::string dialect;
    std::string mapping;  ///< fingerprint
};

/// Where a feed is recorded.
struct RecordingPlace {
    std::string path;
    std::uint64_t max_size = 0;  ///< bytes
};

/// Passes a feed through and records what it says. The file is opened by the first run, when
/// another feed that recorded to it has ended. A message is recorded before the mirror takes it,
/// and none of another source between the two.
/// When the file cannot be written or is full, that is logged once and the feed goes on without it.
class RecordingFeed final : public directory::Feed {
  public:
    /// `describe` is asked at the beginning of each refresh. `clock` and `turns` outlive it.
    RecordingFeed(
        std::unique_ptr<directory::Feed> feed, RecordingPlace place, directory::Clock& clock,
        RecordingTurns& turns, std::function<RecordedRun()> describe
    );
    ~RecordingFeed() override;

    [[nodiscard]] directory::FeedResult run(
        const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
    ) override;
    [[nodiscard]] std::string fingerprint() const override { return feed_->fingerprint(); }

  private:
    class Sink;
    void record(FeedMessage message);
    void flush();
    void open();

    std::unique_ptr<directory::Feed> feed_;
    RecordingPlace place_;
    std::unique_ptr<MessageLogWriter> log_;  ///< null until the first run
    directory::Clock& clock_;
    RecordingTurns& turns_;
    std::function<RecordedRun()> describe_;
    Time flushed_{};
    bool ended_ = false;
};

}  // namespace bascule::daemon
