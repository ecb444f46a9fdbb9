#include "daemon/replay/source_player.hpp"

#include <utility>

#include "directory/mirror/source_runner.hpp"

namespace bascule::daemon {

using Kind = FeedMessage::Kind;

SourcePlayer::SourcePlayer(
    const ReplaySource& source, directory::Store& store,
    std::shared_ptr<const mirror::JoinRules> joins, LogClock& clock, ReplayResult& result
)
    : source_(source), store_(store), joins_(std::move(joins)), clock_(clock), result_(result) {}

Status SourcePlayer::open() {
    BASCULE_TRY(log_, MessageLogReader::open(source_.log));
    return read();
}

Status SourcePlayer::read() {
    BASCULE_TRY(next_, log_->next());
    result_.whole = result_.whole && (next_ || log_->whole());
    return {};
}

std::optional<std::uint64_t> SourcePlayer::order() const {
    return next_ ? std::optional(next_->order) : std::nullopt;
}

Status SourcePlayer::play() {
    FeedMessage message = *std::move(next_);
    clock_.time = message.time;
    ++result_.messages;
    BASCULE_CHECK(apply(std::move(message)));
    return read();
}

Status SourcePlayer::apply(FeedMessage message) {
    if (message.kind == Kind::run_started) {
        return begin_run(message);
    }
    if (engine_ == nullptr) {
        return {};  // the file begins in the middle of a run
    }
    switch (message.kind) {
        case Kind::refresh_started:
            if (runs_ == 1 && message.flag) {
                result_.partial.push_back(source_.name);
            }
            return engine_->refresh_started(message.flag);
        case Kind::changed:
            ++result_.entries;
            return engine_->changed(std::move(message.entry));
        case Kind::members_changed: {
            BASCULE_TRY(
                [[maybe_unused]] const bool taken,
                engine_->members_changed(std::move(message.members))
            );
            return {};
        }
        case Kind::present:
            return engine_->present(message.anchors);
        case Kind::deleted:
            return engine_->deleted(message.anchors);
        case Kind::refresh_done:
            return engine_->refresh_done(message.proof, message.text);
        case Kind::cookie:
            return engine_->cookie(message.text);
        case Kind::idle:
            BASCULE_CHECK(engine_->idle());
            return attend();
        case Kind::run_ended:
            BASCULE_CHECK(engine_->close_run(message.flag));
            attended_ = {};
            return attend();
        case Kind::run_started:
            break;
    }
    return {};
}

/// A run under other rules has an engine of its own, as in the program.
Status SourcePlayer::begin_run(const FeedMessage& message) {
    ++runs_;
    ++result_.runs;
    attended_ = {};
    retried_ = clock_.time;
    if (engine_ != nullptr && dialect_ == message.text && mapping_ == message.second) {
        return {};
    }
    engine_.reset();
    BASCULE_TRY(rules_, source_.mapping_of(message.text));
    dialect_ = message.text;
    mapping_ = message.second;
    engine_ = std::make_unique<mirror::MirrorEngine>(
        store_, *rules_.mapper, clock_, source_.name, source_.limits, joins_, rules_.areas
    );
    if (in_step_) {
        engine_->keep_in_step();
    }
    BASCULE_CHECK(engine_->open());
    return engine_->reset_cookie(dialect_);
}

/// As often as the program does, by the log's clock.
Status SourcePlayer::attend() {
    if (engine_->counters().refreshing.load()) {
        return {};
    }
    if (clock_.time - attended_ >= mirror::attention_interval) {
        attended_ = clock_.time;
        BASCULE_CHECK(engine_->attend_to_others());
    }
    if (clock_.time - retried_ < mirror::quarantine_interval) {
        return {};
    }
    retried_ = clock_.time;
    return engine_->retry_quarantined();
}

Status SourcePlayer::close() {
    return engine_ == nullptr ? Status() : engine_->close_run(true);
}

Status SourcePlayer::settle() {
    return engine_ == nullptr ? Status() : engine_->attend_to_others();
}

}  // namespace bascule::daemon
