#include "daemon/replay/recording_feed.hpp"

#include <chrono>
#include <utility>

#include "directory/base/log.hpp"

namespace bascule::daemon {

using Kind = FeedMessage::Kind;

namespace {

/// So much is lost at most when the program is killed.
constexpr std::chrono::seconds flush_interval{1};

FeedMessage message_of(Kind kind) {
    FeedMessage message;
    message.kind = kind;
    return message;
}

}  // namespace

class RecordingFeed::Sink final : public directory::FeedSink {
  public:
    Sink(RecordingFeed& feed, directory::FeedSink& next) : feed_(feed), next_(next) {}

    Status refresh_started(bool from_cookie) override {
        const auto turn = feed_.turns_.take();
        const RecordedRun run = feed_.describe_();
        auto begin = message_of(Kind::run_started);
        begin.text = run.dialect;
        begin.second = run.mapping;
        begin.source = run.source;
        feed_.record(std::move(begin));
        auto message = message_of(Kind::refresh_started);
        message.flag = from_cookie;
        feed_.record(std::move(message));
        return next_.refresh_started(from_cookie);
    }
    Status each_held(const std::function<Status(const directory::MirrorEntry&)>& visit) override {
        return next_.each_held(visit);
    }
    Status changed(directory::SourceEntry entry) override {
        const auto turn = feed_.turns_.take();
        auto message = message_of(Kind::changed);
        message.entry = entry;
        feed_.record(std::move(message));
        return next_.changed(std::move(entry));
    }
    Result<bool> members_changed(directory::MemberChange change) override {
        const auto turn = feed_.turns_.take();
        auto message = message_of(Kind::members_changed);
        message.members = change;
        feed_.record(std::move(message));
        return next_.members_changed(std::move(change));
    }
    Status present(const std::vector<Uuid>& anchors) override {
        const auto turn = feed_.turns_.take();
        named(Kind::present, anchors);
        return next_.present(anchors);
    }
    Status deleted(const std::vector<Uuid>& anchors) override {
        const auto turn = feed_.turns_.take();
        named(Kind::deleted, anchors);
        return next_.deleted(anchors);
    }
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override {
        const auto turn = feed_.turns_.take();
        auto message = message_of(Kind::refresh_done);
        message.proof = proof;
        message.text = cookie;
        feed_.record(std::move(message));
        feed_.flush();
        return next_.refresh_done(proof, cookie);
    }
    Status cookie(const std::string& cookie) override {
        const auto turn = feed_.turns_.take();
        auto message = message_of(Kind::cookie);
        message.text = cookie;
        feed_.record(std::move(message));
        return next_.cookie(cookie);
    }
    Status idle() override {
        const auto turn = feed_.turns_.take();
        feed_.record(message_of(Kind::idle));
        if (feed_.clock_.now() - feed_.flushed_ >= flush_interval) {
            feed_.flush();
        }
        return next_.idle();
    }

  private:
    void named(Kind kind, const std::vector<Uuid>& anchors) {
        auto message = message_of(kind);
        message.anchors = anchors;
        feed_.record(std::move(message));
    }

    RecordingFeed& feed_;
    directory::FeedSink& next_;
};

RecordingFeed::RecordingFeed(
    std::unique_ptr<directory::Feed> feed, RecordingPlace place, directory::Clock& clock,
    RecordingTurns& turns, std::function<RecordedRun()> describe
)
    : feed_(std::move(feed)),
      place_(std::move(place)),
      clock_(clock),
      turns_(turns),
      describe_(std::move(describe)) {}

RecordingFeed::~RecordingFeed() = default;

directory::FeedResult RecordingFeed::run(
    const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
) {
    open();
    Sink recording(*this, sink);
    auto result = feed_->run(start, recording, stop);
    const auto turn = turns_.take();
    auto end = message_of(Kind::run_ended);
    end.flag = result.end == directory::FeedEnd::stopped;
    record(std::move(end));
    flush();
    return result;
}

void RecordingFeed::open() {
    if (log_ || ended_) {
        return;
    }
    auto opened = MessageLogWriter::open(place_.path, place_.max_size);
    if (opened) {
        log_ = *std::move(opened);
        return;
    }
    ended_ = true;
    log::error("not_recorded", opened.error().detail, {{"path", place_.path}});
}

void RecordingFeed::record(FeedMessage message) {
    message.time = clock_.now();
    message.order = turns_.next(message.time);
    if (ended_ || log_->write(message)) {
        return;
    }
    ended_ = true;
    log::warning(
        "recording_ended",
        "The messages of the source are recorded no more: the file has reached its size, or the "
        "disk refuses."
    );
}

void RecordingFeed::flush() {
    flushed_ = clock_.now();
    if (!ended_ && !log_->flush()) {
        ended_ = true;
        log::warning("recording_ended", "The messages of the source are recorded no more.");
    }
}

}  // namespace bascule::daemon
