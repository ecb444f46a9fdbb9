#include "daemon/replay/replayer.hpp"

#include <utility>

#include "daemon/replay/message_log.hpp"
#include "directory/mirror/held_plan.hpp"
#include "directory/mirror/mirror_engine.hpp"
#include "store/sqlite/content_digest.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::daemon {
namespace {

using Kind = FeedMessage::Kind;

/// The time of the message that is replayed.
class LogClock final : public directory::Clock {
  public:
    Time time{};
    [[nodiscard]] Time now() const override { return time; }
};

/// Takes one message after the other.
class Player {
  public:
    Player(
        const ReplayOptions& options, const MappingOf& mapping_of, directory::Store& store,
        LogClock& clock, ReplayResult& result
    )
        : options_(options),
          mapping_of_(mapping_of),
          store_(store),
          clock_(clock),
          result_(result) {}

    Status play(FeedMessage message) {
        clock_.time = message.time;
        ++result_.messages;
        if (message.kind == Kind::run_started) {
            return begin_run(message);
        }
        if (engine_ == nullptr) {
            return {};  // the file begins in the middle of a run
        }
        switch (message.kind) {
            case Kind::refresh_started:
                result_.from_the_beginning =
                    result_.from_the_beginning && (result_.runs > 1 || !message.flag);
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
                return engine_->idle();
            case Kind::run_ended:
                return engine_->close_run(message.flag);
            case Kind::run_started:
                break;
        }
        return {};
    }

    Status finish() { return engine_ == nullptr ? Status() : engine_->close_run(true); }

  private:
    /// A run under other rules has an engine of its own, as in the program.
    Status begin_run(const FeedMessage& message) {
        ++result_.runs;
        if (engine_ != nullptr && dialect_ == message.text && mapping_ == message.second) {
            return {};
        }
        engine_.reset();
        BASCULE_TRY(rules_, mapping_of_(message.text));
        dialect_ = message.text;
        mapping_ = message.second;
        engine_ = std::make_unique<mirror::MirrorEngine>(
            store_, *rules_.mapper, clock_, options_.source, options_.limits, nullptr, rules_.areas
        );
        BASCULE_CHECK(engine_->open());
        return engine_->reset_cookie(dialect_);
    }

    const ReplayOptions& options_;
    const MappingOf& mapping_of_;
    directory::Store& store_;
    LogClock& clock_;
    ReplayResult& result_;
    std::string dialect_;
    std::string mapping_;
    ReplayMapping rules_;
    std::unique_ptr<mirror::MirrorEngine> engine_;
};

Status count(directory::Store& store, const std::string& source, ReplayResult& result) {
    return store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(result.users, reader.count(store.registry().type("User")));
        BASCULE_TRY(result.groups, reader.count(store.registry().type("Group")));
        BASCULE_TRY(const auto state, reader.source_state(source));
        if (!state) {
            return {};
        }
        BASCULE_TRY(
            result.quarantined, reader.count_entries(state->id, directory::EntryState::quarantined)
        );
        result.held = mirror::HeldPlan::parse(state->held_plan).size();
        return {};
    });
}

}  // namespace

Result<ReplayResult> replay(
    const ReplayOptions& options, const directory::Registry& registry, const MappingOf& mapping_of
) {
    ReplayResult result;
    LogClock clock;
    BASCULE_TRY(auto store, store::open_sqlite_store({options.store}, registry, clock));
    const auto began = std::chrono::steady_clock::now();
    {
        Player player(options, mapping_of, *store, clock, result);
        BASCULE_TRY(result.whole, read_message_log(options.log, [&](FeedMessage message) {
                        return player.play(std::move(message));
                    }));
        BASCULE_CHECK(player.finish());
    }
    result.took = std::chrono::steady_clock::now() - began;
    BASCULE_CHECK(count(*store, options.source, result));
    store.reset();
    BASCULE_TRY(result.digest, store::content_digest(options.store));
    return result;
}

}  // namespace bascule::daemon
