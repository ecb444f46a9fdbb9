// Randomised runs of the mirror engines of directories whose users are joined, against a model,
// with faults at every boundary and what is said of one directory between what is said of the
// others. The variables of mirror_runs_test.cpp say how many, with which seed, and whether all is
// printed.
#include <gtest/gtest.h>

#include <algorithm>

#include "directory/mirror/hold_service.hpp"
#include "tests/unit/mirror/environment.hpp"
#include "tests/unit/mirror/faulty_store.hpp"
#include "tests/unit/mirror/joined_model.hpp"
#include "tests/unit/mirror/recorded_provider.hpp"
#include "tests/unit/mirror/traced_sink.hpp"
#include "tests/unit/mirror/turns.hpp"

namespace bascule::mirror {
namespace {

using test::EntryWatch;
using test::FaultyStore;
using test::JoinedModel;
using test::JoinedWorld;
using test::MirrorWorld;
using test::RecordedDirectory;
using test::RecordedProvider;
using test::StoreFault;
using test::TracedSink;
using End = RecordedProvider::End;

/// So strict that a run holds something sooner or later.
GuardLimits strict_guard() {
    GuardLimits limits;
    limits.delete_at_least = 2;
    limits.membership_at_least = 2;
    limits.attribute_at_least = 1;
    limits.attribute_live_at_least = 2;
    return limits;
}

std::vector<std::string> names_for(unsigned seed) {
    return seed % 2 == 0 ? std::vector<std::string>{"corp", "extra"}
                         : std::vector<std::string>{"corp", "extra", "third"};
}

/// By number, by name, or by both in either order; the name is always among them, so that one name
/// is one person and the outcome does not depend on who was first.
JoinedWorld::Match match_for(unsigned seed) {
    const auto number = test::employee_number();
    const auto name = test::user_name();
    const std::vector<std::vector<directory::AttributeId>> ways = {
        {number, name}, {number, name}, {name, number}, {name}};
    return {{"extra", ways[seed / 2 % 4]}, {"third", ways[seed / 8 % 4]}};
}

class OneRun {
  public:
    explicit OneRun(unsigned seed)
        : guarded_(seed % 5 == 0),
          world_(
              names_for(seed), guarded_ ? strict_guard() : test::no_guard(), match_for(seed),
              test::quick_folder()
          ),
          faults_(*world_.store),
          turns_(seed + 1),
          random_(seed + 2) {
        world_.reopen_engines(faults_);
        unsigned place = 0;
        for (const std::string& name : world_.names()) {
            const unsigned own = seed * 3 + ++place;
            sides_.push_back(std::make_unique<Side>(world_, name, own, sides_.size()));
        }
    }

    void go() {
        for (unsigned round = 4 + pick(8); round > 0; --round)
            one_round();
        come_to_rest();
        for (const auto& side : sides_)
            side->directory.touch_referring();
        come_to_rest();
        std::vector<JoinedModel::Source> sources;
        for (const auto& side : sides_)
            sources.push_back(
                {side->name, &side->directory,
                 world_.rules()->match(world_.engine(side->name).state().id)}
            );
        JoinedModel model(world_, std::move(sources));
        model.compare();
        joined_ = model.joined();
        ambiguous_ = model.ambiguous();
        expect_nothing_to_write();
    }
    [[nodiscard]] std::size_t joined() const { return joined_; }
    [[nodiscard]] std::size_t ambiguous() const { return ambiguous_; }
    [[nodiscard]] unsigned gone() const {
        unsigned sum = 0;
        for (const auto& side : sides_)
            sum += side->watch.gone();
        return sum;
    }

  private:
    struct Side {
        Side(JoinedWorld& world, const std::string& the_name, unsigned seed, std::size_t the_place)
            : name(the_name),
              place(the_place),
              directory(seed * 2, RecordedDirectory::People::joinable),
              provider(directory, seed * 2 + 1),
              watch(world, the_name, directory) {}
        std::string name;
        std::size_t place;
        RecordedDirectory directory;
        RecordedProvider provider;
        EntryWatch watch;
    };

    unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
    }

    void one_round() {
        const auto fault = static_cast<StoreFault>(pick(2) == 0 ? 0 : pick(6));
        faults_.arm(fault, 1 + pick(pick(2) == 0 ? 4 : 60));
        TracedSink::say(fmt::format("-- store fault {}", static_cast<int>(fault)));
        std::vector<std::function<void()>> players;
        std::vector<Side*> playing;
        for (const auto& side : sides_) {
            side->watch.begin();
            if (pick(4) != 0)
                playing.push_back(side.get());
        }
        for (std::size_t player = 0; player < playing.size(); ++player)
            players.push_back([this, player, side = playing[player]] {
                converse(*side, player, true);
            });
        turns_.run(players);
        after_round();
        faults_.arm(StoreFault::none, 0);
        world_.clock.time += std::chrono::minutes(static_cast<int>(pick(180)) - 60);
        for (const auto& side : sides_)
            between_rounds(*side);
        if (guarded_ && pick(6) == 0)
            approve_what_is_held();
    }

    void after_round() {
        if (faults_.died() || pick(6) == 0) {
            TracedSink::say("killed");
            world_.reopen_store(faults_);
        }
        for (const auto& side : sides_)
            side->watch.check();
    }

    void between_rounds(Side& side) {
        for (unsigned steps = pick(6); steps > 0; --steps)
            side.directory.step();
        // What a server forgets while nobody listens to it cannot be noticed.
        if (world_.engine(side.name).interrupted() && pick(3) == 0) {
            TracedSink::say("crash of the server of " + side.name);
            side.directory.crash();
        }
        if (pick(20) == 0)
            MirrorWorld::check(world_.engine(side.name).reset_cookie("f"));
    }

    /// A run of the feed and what the runner does at its end, one message of it after the other.
    void converse(Side& side, std::size_t player, bool with_faults) {
        side.provider.between_messages([&]() -> Status {
            if (with_faults)
                turns_.pass(player);
            TracedSink::say(side.name + ":");
            auto& engine = world_.engine(side.name);
            if (engine.counters().refreshing.load() || pick(6) != 0)
                return {};
            TracedSink::say("attends to others");
            BASCULE_CHECK(engine.attend_to_others());
            return pick(4) == 0 ? engine.retry_quarantined() : Status{};
        });
        auto& engine = world_.engine(side.name);
        TracedSink sink(engine);
        TracedSink::say(side.name + " begins");
        const directory::FeedStart start{engine.state().cookie, engine.interrupted()};
        const unsigned live_steps = with_faults ? pick(12) : 0;
        const End end = side.provider.converse(sink, start, live_steps, with_faults);
        TracedSink::say(fmt::format("{} ended {}", side.name, static_cast<int>(end)));
        if (faults_.died())
            return;
        if (with_faults && end != End::whole && pick(3) == 0) {
            TracedSink::say("its engine is made anew");
            world_.reopen(side.name, faults_);
            return;
        }
        const bool stopped = end == End::whole && (!with_faults || pick(2) == 0);
        expect(engine.close_run(stopped));
        if (end == End::rejected && !faults_.died())
            expect(engine.reset_cookie("f"));
    }

    void come_to_rest() {
        TracedSink::say("-- rest");
        for (int pass = 0; pass < 3; ++pass) {
            for (const auto& side : sides_) {
                side->watch.begin();
                converse(*side, side->place, false);
                side->watch.check();
            }
            world_.settle();
            if (guarded_)
                approve_what_is_held();
            world_.settle();
        }
    }

    /// An injected fault is the only one that may show.
    static void expect(const Status& status) {
        if (!status && status.error().code != FaultyStore::code)
            MirrorWorld::check(status);
    }

    void approve_what_is_held() {
        HoldService holds(*world_.store, world_.rules());
        const auto list = holds.list();
        ASSERT_TRUE(list);
        for (const auto& held : *list) {
            TracedSink::say("approve " + held.source + " " + world_.held(held.source).to_json());
            const auto side =
                std::ranges::find(sides_, held.source, [](const auto& one) { return one->name; });
            (*side)->watch.approve(world_.held(held.source));
            MirrorWorld::check(holds.approve(
                held.source, held.hash, world_.mapper(),
                {directory::ActorKind::operator_, {}, "operator"}
            ));
        }
        for (const auto& side : sides_)
            side->watch.check();
    }

    void expect_nothing_to_write() {
        const auto before = world_.journal().size();
        for (const auto& side : sides_) {
            MirrorWorld::check(world_.engine(side->name).reset_cookie("f"));
            converse(*side, side->place, false);
        }
        world_.settle();
        const auto journal = world_.journal();
        for (std::size_t index = before; index < journal.size(); ++index) {
            // Who stands in the way may be another one of the same by now.
            if (journal[index].activity != "Quarantine entry")
                ADD_FAILURE() << "a second look wrote: " << journal[index].activity << " "
                              << journal[index].target_display;
        }
    }

    bool guarded_;
    JoinedWorld world_;
    FaultyStore faults_;
    std::vector<std::unique_ptr<Side>> sides_;
    test::Turns turns_;
    std::mt19937 random_;
    std::size_t joined_ = 0;
    std::size_t ambiguous_ = 0;
};

TEST(JoinedRuns, JoinedMirrorsEqualTheirDirectoriesWhateverBreaks) {
    const unsigned count = test::number_in_environment("BASCULE_MIRROR_RUNS", 60);
    const unsigned first = test::number_in_environment("BASCULE_MIRROR_SEED", 1);
    const auto failures = [] {
        return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    };
    unsigned failed = 0;
    unsigned gone = 0;
    std::size_t joined = 0;
    std::size_t ambiguous = 0;
    for (unsigned seed = first; seed < first + count && failed < 5; ++seed) {
        const int before = failures();
        SCOPED_TRACE(fmt::format("BASCULE_MIRROR_SEED={} BASCULE_MIRROR_RUNS=1", seed));
        try {
            OneRun run(seed);
            run.go();
            gone += run.gone();
            joined += run.joined();
            ambiguous += run.ambiguous();
        } catch (const std::exception& exception) {
            ADD_FAILURE() << exception.what();
        }
        failed += failures() > before ? 1 : 0;
    }
    EXPECT_TRUE(count == 1 || gone > count) << "too little was removed";
    EXPECT_TRUE(count == 1 || joined > count) << "too few were joined";
    EXPECT_TRUE(count == 1 || ambiguous > count / 2) << "too few were in doubt";
}

}  // namespace
}  // namespace bascule::mirror
