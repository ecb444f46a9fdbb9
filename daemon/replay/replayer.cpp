#include "daemon/replay/replayer.hpp"

#include <utility>

#include "daemon/replay/source_player.hpp"
#include "directory/mirror/held_plan.hpp"
#include "store/sqlite/content_digest.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::daemon {
namespace {

/// Sources that take each other's changes in come to rest long before.
constexpr int most_passes = 100;

using Players = std::vector<std::unique_ptr<SourcePlayer>>;

Result<Players> open_players(
    const ReplayOptions& options, directory::Store& store, LogClock& clock, ReplayResult& result
) {
    BASCULE_TRY(const auto joins, options.joins(store));
    Players players;
    for (const ReplaySource& source : options.sources) {
        players.push_back(std::make_unique<SourcePlayer>(source, store, joins, clock, result));
        if (options.sources.size() > 1) {
            players.back()->keep_in_step();
        }
        BASCULE_CHECK(players.back()->open());
    }
    return players;
}

/// Whose message comes next; null at the end.
SourcePlayer* next_of(const Players& players) {
    SourcePlayer* next = nullptr;
    for (const auto& player : players) {
        const auto order = player->order();
        if (order && (next == nullptr || *order < *next->order())) {
            next = player.get();
        }
    }
    return next;
}

Status settle(const Players& players, directory::Store& store) {
    std::int64_t before = -1;
    for (int pass = 0; pass < most_passes; ++pass) {
        std::int64_t now = 0;
        BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(now, reader.last_sequence());
            return {};
        }));
        if (now == std::exchange(before, now)) {
            return {};
        }
        for (const auto& player : players) {
            BASCULE_CHECK(player->settle());
        }
    }
    return {};
}

Status play_all(const Players& players, directory::Store& store) {
    while (SourcePlayer* const next = next_of(players)) {
        BASCULE_CHECK(next->play());
    }
    for (const auto& player : players) {
        BASCULE_CHECK(player->close());
    }
    return settle(players, store);
}

Status count(directory::Store& store, ReplayResult& result) {
    return store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(result.users, reader.count(store.registry().type("User")));
        BASCULE_TRY(result.groups, reader.count(store.registry().type("Group")));
        BASCULE_TRY(const auto states, reader.source_states());
        for (const directory::SourceState& state : states) {
            BASCULE_TRY(
                const auto waiting,
                reader.count_entries(state.id, directory::EntryState::quarantined)
            );
            result.quarantined += waiting;
            result.held += mirror::HeldPlan::parse(state.held_plan).size();
        }
        return {};
    });
}

}  // namespace

Result<std::string> recorded_source(const std::string& log) {
    BASCULE_TRY(const auto reader, MessageLogReader::open(log));
    while (true) {
        BASCULE_TRY(const auto message, reader->next());
        if (!message) {
            return std::string();
        }
        if (message->kind == FeedMessage::Kind::run_started) {
            return message->source;
        }
    }
}

Result<ReplayResult> replay(const ReplayOptions& options, const directory::Registry& registry) {
    const auto began = std::chrono::steady_clock::now();
    ReplayResult result;
    LogClock clock;
    BASCULE_TRY(auto store, store::open_sqlite_store({options.store, true}, registry, clock));
    {
        BASCULE_TRY(const Players players, open_players(options, *store, clock, result));
        BASCULE_CHECK(play_all(players, *store));
    }
    result.applied = std::chrono::steady_clock::now() - began;
    BASCULE_CHECK(count(*store, result));
    BASCULE_TRY(result.digest, store::content_digest(options.store));
    store.reset();
    result.took = std::chrono::steady_clock::now() - began;
    return result;
}

}  // namespace bascule::daemon
